import { listedHash, validUntil } from "../../lab/mirror";
import { plainRoot } from "../../lab/roots/plain";
import { nodePackagesRoot } from "../../lab/roots/node";
import { servicesRoot } from "../../lab/roots/prepared";

const inRelease = `Origin: Debian
Valid-Until: Sat, 28 Nov 2026 09:00:00 UTC
MD5Sum:
 0123 100 main/binary-amd64/Packages.xz
SHA256:
 aaaa 100 main/binary-arm64/Packages.xz
 bbbb 200 main/binary-amd64/Packages.xz
 cccc 300 main/binary-amd64/Packages
-----BEGIN PGP SIGNATURE-----
`;

test("the hash of an index file is the SHA-256 of exactly that file", () => {
  expect(listedHash(inRelease, "main/binary-amd64/Packages.xz")).toBe("bbbb");
  expect(() => listedHash(inRelease, "main/binary-riscv64/Packages.xz")).toThrow("lists no SHA-256");
});

test("the mirror is valid until the first of its suites is not; a suite without an end counts for ever", () => {
  expect(validUntil([inRelease, "Origin: Debian\n"])).toBe(Date.UTC(2026, 10, 28, 9));
  expect(validUntil(["Origin: Debian\n"])).toBe(Number.MAX_SAFE_INTEGER);
});

test("roots name each package once", () => {
  for (const { packages } of [plainRoot, nodePackagesRoot, servicesRoot])
    expect(new Set(packages).size).toBe(packages.length);
});
