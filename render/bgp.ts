/** What a BGP router holds beside the base of every host: FRR, its kernel settings, and VRRP where gw routes statically. */
import type { Site } from "../config/site";
import type { HostPlan, RegionPlan } from "../plan/model";
import { renderFrr } from "./frr";
import { verifyFiles } from "./verify-account";
import type { HostFile, HostSecrets, RoleContent } from "./host-content";
import { reloadRouting, reloadRoutingPath } from "./reload-routing";
import { bgpHealthPath, bgpHealthScript, renderKeepalived } from "./keepalived";

/** The daemons that Debian's frr.service starts; watchfrr, zebra and staticd always run. No TCP vty: vtysh uses sockets. */
const daemons = `bgpd=yes
bfdd=yes
vtysh_enable=yes
zebra_options="-A 127.0.0.1 -P 0 -s 90000000"
bgpd_options="-A 127.0.0.1 -P 0"
bfdd_options="-A 127.0.0.1 -P 0"
staticd_options="-A 127.0.0.1 -P 0"
`;

/**
 * A router sees half of each flow, since replies go from the node straight to gw: so reverse paths are checked loosely.
 * Its next hops are on the subnet that packets come from: without the redirects setting, clients would bypass it.
 * ECMP hashes ports too, or all flows between two addresses meet one node.
 */
const sysctl = `net.ipv4.ip_forward = 1
${["all", "default", "ens192"]
  .flatMap((scope) => [
    `net.ipv4.conf.${scope}.send_redirects = 0`,
    `net.ipv4.conf.${scope}.accept_redirects = 0`,
    `net.ipv4.conf.${scope}.rp_filter = 2`,
  ])
  .join("\n")}
net.ipv4.fib_multipath_hash_policy = 1
# Room for one TCP-MD5 key a neighbour on bgpd's socket; older kernels stop near 100. Not there inside a container.
-net.core.optmem_max = 131072
`;

const frrPath = "/etc/frr/frr.conf";

const file = (path: string, mode: string, owner: string, content: string): HostFile => ({ path, mode, owner, content });

/**
 * The BGP part of a router's content.
 *
 * @throws if the host is no router of the plan, or a session has no password that FRR takes.
 */
export function bgpContent(_site: Site, plan: RegionPlan, host: HostPlan, secrets: HostSecrets): RoleContent {
  const router = plan.bgp.routers.find((candidate) => candidate.host === host.name);
  if (!router) throw new Error(`hosts.bgp: ${host.name} is no router of region ${plan.site}`);
  const passwords = secrets.bgpPasswords ?? { clusters: {} };
  const files = [
    file("/etc/sysctl.d/90-router.conf", "0644", "root:root", sysctl),
    file("/etc/frr/daemons", "0640", "frr:frr", daemons),
    file("/etc/frr/vtysh.conf", "0640", "frr:frrvty", "service integrated-vtysh-config\n"),
    ...verifyFiles(plan.bgp),
    file(frrPath, "0640", "frr:frr", renderFrr(plan.bgp, router, host.name, passwords)),
    file(reloadRoutingPath, "0755", "root:root", reloadRouting(plan.bgp, frrPath)),
  ];
  const frr: RoleContent = {
    files,
    packages: ["frr", "frr-pythontools"],
    programs: [],
    services: ["systemd-sysctl.service", "frr.service"],
    checks: [["vtysh", "--dryrun", "--inputfile", frrPath]],
    inPlace: [
      { files: [reloadRoutingPath, ...verifyFiles(plan.bgp).map(({ path }) => path)] },
      { files: [frrPath], told: [reloadRoutingPath] },
    ],
  };
  if (plan.bgp.upstream.kind === "bgp") return frr;
  const keepalived = "/etc/keepalived/keepalived.conf";
  return {
    ...frr,
    files: [
      ...files,
      file(bgpHealthPath, "0755", "root:root", bgpHealthScript),
      file(keepalived, "0644", "root:root", renderKeepalived(plan.bgp, router, plan.vlan)),
    ],
    packages: [...frr.packages, "keepalived"],
    services: [...frr.services, "keepalived.service"],
    // Keepalived 2.2.7 ends itself in a test of a configuration with a script_user, unless its parent is in another PID
    // namespace: it compares its parent with a main process that a test does not have.
    checks: [...frr.checks, ["unshare", "--fork", "--pid", "keepalived", "--config-test", "--use-file", keepalived]],
    inPlace: [
      ...(frr.inPlace ?? []),
      { files: [bgpHealthPath] },
      { files: [keepalived], told: ["systemctl", "reload", "keepalived.service"] },
    ],
  };
}
