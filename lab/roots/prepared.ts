import { plainRoot } from "./plain";
import type { RootProgram, RootRecipe } from "./recipe";

/**
 * The prepared template of docs/templates.md: everything that jump, auth and the BGP routers run, installed but not started,
 * so that a boot takes seconds. `dex` comes from the toolchain: the program and its web folder.
 */
export function preparedRoot(dex: readonly RootProgram[]): RootRecipe {
  return {
    name: "prepared",
    parent: plainRoot,
    packages: [
      "acl",
      "caddy",
      "chrony",
      "conntrack",
      "dnsutils",
      "frr",
      "frr-pythontools",
      "jq",
      "keepalived",
      "ldap-utils",
      "nftables",
      "rsyslog",
    ],
    files: {},
    enabledUnits: [],
    disabledUnits: ["caddy.service", "caddy-api.service", "frr.service", "keepalived.service", "nftables.service"],
    programs: dex,
  };
}
