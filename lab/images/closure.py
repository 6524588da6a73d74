"""Lists files of this root for an image: those named, what they link to, and the shared libraries of their programs.

Arguments are files and folders. Writes one JSON object: path without links on the way -> null, or the target of a link.
"""
import json
import os
import re
import subprocess
import sys

found = {}


def libraries(file):
    listing = subprocess.run(["ldd", file], capture_output=True, text=True)
    if "not found" in listing.stdout:
        sys.exit(f"{file}: {listing.stdout}")
    return re.findall(r"(/\S+) \(0x", listing.stdout)


def real(path):
    """The path without links in its folders; the links that it went through become part of the image (/lib, /sbin)."""
    parts, done = path.strip("/").split("/"), ""
    for position, part in enumerate(parts[:-1]):
        here = f"{done}/{part}"
        if os.path.islink(here):
            found[here] = os.readlink(here)
            return real(os.path.join(done or "/", found[here], *parts[position + 1 :]))
        done = here
    return os.path.normpath(f"{done}/{parts[-1]}")


def add(path):
    path = real(path)
    if path in found:
        return
    if os.path.islink(path):
        found[path] = os.readlink(path)
        add(os.path.join(os.path.dirname(path), found[path]))
    elif os.path.isdir(path):
        for name in sorted(os.listdir(path)):
            add(os.path.join(path, name))
    elif os.path.isfile(path):
        found[path] = None
        with open(path, "rb") as file:
            if file.read(4) != b"\x7fELF":
                return
        for library in libraries(path):
            add(library)
    else:
        sys.exit(f"{path}: is not in the root")


for argument in sys.argv[1:]:
    add(argument)
json.dump(found, sys.stdout)
