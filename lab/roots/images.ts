import { baseRoot } from "./base";
import type { RootRecipe } from "./recipe";

/** Where container images take Debian's programs from, file by file; nothing boots it. */
export const imagesRoot: RootRecipe = {
  name: "images",
  parent: baseRoot,
  packages: ["bind9-dnsutils", "bpftool", "clang-19", "conntrack", "iptables", "netcat-openbsd", "nftables"],
  files: {},
  enabledUnits: [],
  disabledUnits: [],
  programs: [],
};
