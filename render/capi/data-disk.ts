import type { RoleContent } from "../host-content";
import { rootFile } from "../host-file";

/** Where the management plane's etcd and keys live. */
export const managementFolder = "/var/lib/management";

export const dataDiskService = "data-disk.service";

/** ext4 label of the data disk: how a new VM knows the old VM's disk again. */
const dataDiskLabel = "management";

/**
 * The disk is unit 1 of the first SCSI controller, whatever the kernel calls it: names like sdb may swap between boots.
 * It is formatted only where it holds nothing at all: no file system, no partition table, no signature of any kind.
 */
const prepareDataDisk = [
  "#!/bin/sh",
  "set -eu",
  "disk=",
  "for candidate in /dev/disk/by-path/*-scsi-0:0:1:0 /dev/sdb; do",
  '  if [ -b "$candidate" ]; then disk=$candidate; break; fi',
  "done",
  'if [ -z "$disk" ]; then echo "data disk: the VM has no disk at SCSI 0:1 and no /dev/sdb" >&2; exit 1; fi',
  "found=0",
  'signature=$(blkid --probe --output export "$disk") || found=$?',
  "case $found in",
  `  0) echo "$signature" | grep -qx LABEL=${dataDiskLabel} || {`,
  `       echo "data disk: $disk holds something else than the file system labelled ${dataDiskLabel}: $signature" >&2; exit 1; } ;;`,
  "  # 2: nothing was found on the disk.",
  `  2) mkfs.ext4 -q -L ${dataDiskLabel} "$disk" ;;`,
  '  *) echo "data disk: $disk cannot be read (blkid: exit code $found)" >&2; exit 1 ;;',
  "esac",
  `mkdir -p ${managementFolder}`,
  `mountpoint -q ${managementFolder} || mount -o nodev,nosuid,noatime "$disk" ${managementFolder}`,
  `chmod 0700 ${managementFolder}`,
  "",
].join("\n");

const dataDiskUnit = [
  "[Unit]",
  `Description=Data disk of the management plane on ${managementFolder}`,
  "After=systemd-udev-settle.service",
  "[Service]",
  "Type=oneshot",
  "RemainAfterExit=yes",
  "ExecStart=/usr/local/lib/site/prepare-data-disk",
  "[Install]",
  "WantedBy=multi-user.target",
  "",
].join("\n");

/** The disk of the machine `capi`: formatted once, and kept over every replacement of the VM. */
export function dataDiskContent(): RoleContent {
  return {
    files: [
      rootFile("/usr/local/lib/site/prepare-data-disk", prepareDataDisk, "0755"),
      rootFile(`/etc/systemd/system/${dataDiskService}`, dataDiskUnit),
    ],
    packages: ["e2fsprogs"],
    programs: [],
    services: [dataDiskService],
    checks: [["sh", "-n", "/usr/local/lib/site/prepare-data-disk"]],
  };
}
