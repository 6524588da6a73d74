/** keepalived's file on a BGP router where gw's upstream is static: who holds the address that gw routes to. */
import type { BgpPlan, RouterPlan, VlanPlan } from "../plan/model";

/** Name of the VLAN's interface on every fixed host. */
const INTERFACE = "ens192";

/** Where the script below lies; root's alone to write, as keepalived demands of what it runs. */
export const bgpHealthPath = "/usr/local/libexec/bgp-health";

/** Asks bgpd on its own socket: `answers`, or `connected` for a node session that is established. Runs as frr. */
export const bgpHealthScript = `#!/bin/sh
# Exit 0: bgpd answers / has an established session. Used by keepalived every second.
summary=$(/usr/bin/vtysh -d bgpd -c 'show bgp ipv4 unicast summary established json') || exit 1
case $1 in
answers) ;;
connected) case $summary in *'"state":"Established"'*) ;; *) exit 1 ;; esac ;;
*) exit 2 ;;
esac
`;

/**
 * The text of `/etc/keepalived/keepalived.conf` (keepalived 2.2, VRRPv3: RFC 5798).
 *
 * Unicast, so that it needs nothing of the port group and the host firewall can name the peers. A router whose bgpd does not
 * answer gives the address up; one without any node session stands behind every router that has one, and counts as having
 * one only after 10 s: a router that just booted must not take over before it knows the routes.
 *
 * @throws if the upstream is not static.
 */
export function renderKeepalived(bgp: BgpPlan, router: RouterPlan, vlan: VlanPlan): string {
  const { upstream } = bgp;
  if (upstream.kind !== "static") throw new Error(`${router.host}: keepalived is for a static upstream only`);
  const peers = bgp.routers.filter(({ host }) => host !== router.host);
  const priorities = bgp.routers.map(({ vrrpPriority }) => vrrpPriority);
  const demotion = Math.max(...priorities) - Math.min(...priorities) + 1;
  if (Math.min(...priorities) <= demotion)
    throw new Error(
      `VRRP priorities ${priorities.join(", ")}: the lowest must exceed ${demotion}, or a demotion has no room`,
    );
  return `global_defs {
    router_id ${router.host}
    vrrp_version 3
    vrrp_check_unicast_src
    enable_script_security
    script_user frr frrvty
}

vrrp_script bgpd_answers {
    script "${bgpHealthPath} answers"
    interval 1
    timeout 2
    fall 2
    rise 2
    init_fail
}

vrrp_script nodes_connected {
    script "${bgpHealthPath} connected"
    interval 1
    timeout 2
    fall 3
    rise 10
    weight -${demotion}
    init_fail
}

vrrp_instance balancers {
    state BACKUP
    interface ${INTERFACE}
    virtual_router_id ${upstream.virtualRouterId}
    priority ${router.vrrpPriority}
    advert_int 1
    unicast_src_ip ${router.address}
    unicast_peer {
${peers.map(({ address }) => `        ${address}`).join("\n")}
    }
    virtual_ipaddress {
        ${upstream.sharedAddress}/${vlan.prefixLength} dev ${INTERFACE}
    }
    track_script {
        bgpd_answers
        nodes_connected
    }
}
`;
}
