import { dataDiskContent, managementFolder } from "../../../render/capi/data-disk";
import { realReader, type RootFile } from "../../real-reader";

// The real programs run on a machine that may be busy.
jest.setTimeout(60_000);

/** A second disk of 64 MiB as /dev/sdb, in a /dev of the test's own; freed at the end, whatever happens. */
const withDisk = (script: string) => `
mount -t tmpfs tmpfs /dev
mknod /dev/null c 1 3; mknod /dev/urandom c 1 9; mknod /dev/loop-control c 10 237
for number in $(seq 0 63); do mknod /dev/loop$number b 7 $number; done
truncate -s 64M /disk.img
loop=$(losetup --find --show /disk.img) || exit 90
trap 'umount ${managementFolder} 2>/dev/null; losetup --detach "$loop"' EXIT
ln -s "$loop" /dev/sdb
prepare=/usr/local/lib/site/prepare-data-disk
${script}`;

const run = (script: string) => realReader(dataDiskContent().files as RootFile[], ["sh", "-c", script]);

test("an empty data disk is formatted, labelled and mounted for root alone", async () => {
  const { code, stdout, stderr } = await run(
    withDisk(
      `$prepare && findmnt -no FSTYPE,LABEL ${managementFolder}; stat -c %a ${managementFolder}; blkid -p -s LABEL -o value /dev/sdb`,
    ),
  );
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.split("\n").map((line) => line.trim())).toEqual(expect.arrayContaining(["700", "management"]));
  expect(stdout).toMatch(/^ext4/);
});

test("the disk of a replaced VM keeps what it holds", async () => {
  const script = `$prepare && echo etcd > ${managementFolder}/data && umount ${managementFolder} && $prepare && cat ${managementFolder}/data`;
  expect(await run(withDisk(script))).toEqual({ code: 0, stdout: "etcd\n", stderr: "" });
});

test.each([
  ["another file system", "mkfs.ext4 -q -L other /dev/sdb", "LABEL=other"],
  ["a swap area", "mkswap /dev/sdb >/dev/null", "TYPE=swap"],
])("a disk that holds %s is left alone", async (_what, make, sign) => {
  const { code, stdout, stderr } = await run(
    withDisk(
      `${make}; before=$(sha256sum </disk.img); $prepare; code=$?; [ "$before" = "$(sha256sum </disk.img)" ] && echo untouched; exit $code`,
    ),
  );
  expect({ code, stdout }).toEqual({ code: 1, stdout: "untouched\n" });
  expect(stderr).toContain("holds something else than the file system labelled management");
  expect(stderr).toContain(sign);
});

test("a VM without its data disk does not get that far", async () => {
  const { code, stderr } = await run("mount -t tmpfs tmpfs /dev; /usr/local/lib/site/prepare-data-disk");
  expect(code).toBe(1);
  expect(stderr).toContain("no disk at SCSI 0:1");
});
