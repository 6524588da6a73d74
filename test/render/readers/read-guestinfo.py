"""Reads guestinfo values the way cloud-init's own VMware datasource does, and prints as JSON what comes out.

Input: the VM's guestinfo values as JSON on standard input. Output: the metadata, the user-data's text, the files that it
writes by path, and those that cloud-init's networkd renderer makes of the network configuration.
"""

import json
import os
import sys

import yaml
from cloudinit.config import cc_write_files
from cloudinit.net import network_state, networkd
from cloudinit.sources import DataSourceVMware as vmware

os.environ["VMX_GUESTINFO"] = "1"
for key, value in json.load(sys.stdin).items():
    os.environ["VMX_" + key.upper().replace(".", "_")] = value

metadata = vmware.process_metadata(vmware.load_json_or_yaml(vmware.guestinfo_envvar("metadata")))
userdata = vmware.guestinfo_envvar("userdata")
if isinstance(userdata, bytes):
    userdata = userdata.decode("utf-8")
user_data = yaml.safe_load(userdata)


def content_of(entry):
    encodings = cc_write_files.canonicalize_extraction(entry.get("encoding"))
    content = cc_write_files.extract_contents(entry["content"], encodings)
    return content.decode("utf-8") if isinstance(content, bytes) else content


network = network_state.parse_net_config_data(metadata["network"]["config"])
json.dump(
    {
        "metadata": metadata,
        "text": userdata,
        "files": {entry["path"]: content_of(entry) for entry in user_data["write_files"]},
        "networkd": networkd.Renderer({})._render_content(network),
    },
    sys.stdout,
)
