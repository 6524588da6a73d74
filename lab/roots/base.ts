import type { RootRecipe } from "./recipe";

/** A Debian that boots under systemd-nspawn: what all guests of the lab have in common. */
export const baseRoot: RootRecipe = {
  name: "base",
  packages: [
    "apt",
    "ca-certificates",
    "curl",
    "dbus",
    "debian-archive-keyring",
    "e2fsprogs",
    "iproute2",
    "iputils-ping",
    "kmod",
    "less",
    "libpam-systemd",
    "netbase",
    "openssh-server",
    "procps",
    "python3",
    "sudo",
    "systemd",
    "systemd-resolved",
    "systemd-sysv",
    "tzdata",
    "udev",
  ],
  files: {
    // A guest shares the machine's clock: chrony may measure it (-x), never set it. Its unit wants a capability for
    // setting the clock, which a guest need not have.
    "/etc/systemd/system/chrony.service.d/lab.conf": {
      content: "[Unit]\nConditionCapability=\n[Service]\nExecStart=\nExecStart=!/usr/sbin/chronyd -F 1 -x\n",
    },
  },
  enabledUnits: [],
  disabledUnits: [
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
  ],
  programs: [],
};
