import { baseRoot } from "./base";
import type { RootRecipe } from "./recipe";

/** What a Debian cloud image holds before its first boot: cloud-init, and nothing of what our hosts serve. */
export const plainRoot: RootRecipe = {
  name: "plain",
  parent: baseRoot,
  packages: [
    "bash-completion",
    "cloud-guest-utils",
    "cloud-init",
    "eject",
    "gdisk",
    "gnupg",
    "libnss-resolve",
    "lsb-release",
    "lsof",
    "netplan.io",
    "openssl",
    // Images made by mmdebstrap miss what debootstrap's dependency order pulls in; cloud-init's cryptography needs it.
    "python3-cffi-backend",
    "systemd-timesyncd",
    "tcpdump",
    "unattended-upgrades",
    "wget",
    "xz-utils",
  ],
  files: {
    // The lab's data source is the VMware one, fed by the hypervisor. Without the renderer's name, cloud-init picks
    // netplan, and the boot waits 120 s; generating locales costs seconds and shows nothing.
    "/etc/cloud/cloud.cfg.d/90-lab.cfg": {
      content: [
        "datasource_list: [VMware, None]",
        "system_info: {network: {renderers: [networkd]}}",
        "locale: false",
        "",
      ].join("\n"),
    },
    // Nobody sends router advertisements on the lab's bridges; waiting for one costs 14 s.
    "/etc/systemd/network/10-cloud-init-ens192.network.d/lab.conf": { content: "[Network]\nIPv6AcceptRA=no\n" },
  },
  enabledUnits: ["systemd-networkd.service"],
  disabledUnits: [],
  programs: [],
};
