import { plainRoot } from "./plain";
import type { RootProgram, RootRecipe } from "./recipe";

/** What jump, auth and the BGP routers run, installed but not started; without what no Debian package holds. */
export const servicesRoot: RootRecipe = {
  name: "services",
  parent: plainRoot,
  packages: [
    "acl",
    "ca-certificates",
    "caddy",
    "chrony",
    "conntrack",
    "curl",
    "dnsutils",
    "e2fsprogs",
    "frr",
    "frr-pythontools",
    "jq",
    "keepalived",
    "ldap-utils",
    "nftables",
    "openssh-server",
    "rsyslog",
    "sudo",
    "tlog",
    "ulogd2",
    "unattended-upgrades",
  ],
  files: {},
  enabledUnits: [],
  disabledUnits: [
    "caddy.service",
    "caddy-api.service",
    "frr.service",
    "keepalived.service",
    "nftables.service",
    "ulogd2.service",
  ],
  programs: [],
};

/** The prepared template of docs/templates.md, so that a boot takes seconds: all packages, and dex from the toolchain. */
export function preparedRoot(dex: readonly RootProgram[]): RootRecipe {
  return { ...servicesRoot, name: "prepared", parent: servicesRoot, packages: [], disabledUnits: [], programs: dex };
}
