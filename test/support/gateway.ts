/** The other side of a router's upstream session: what the perimeter firewall's operators are asked to set, as FRR. */
import type { BgpPlan } from "../../plan/model";

/** frr.conf of a `gw` that learns the balancers from all routers of the plan. */
export function gatewayConfiguration(bgp: BgpPlan, password: string): string {
  if (bgp.upstream.kind !== "bgp") throw new Error("gw speaks no BGP: the plan's upstream is static");
  const routers = bgp.routers.map(({ address }) => address);
  return [
    "frr defaults traditional",
    "hostname gw",
    "bfd",
    " profile routers",
    `  detect-multiplier ${bgp.bfd.multiplier}`,
    `  transmit-interval ${bgp.bfd.transmitMilliseconds}`,
    `  receive-interval ${bgp.bfd.receiveMilliseconds}`,
    " exit",
    "exit",
    `router bgp ${bgp.upstream.gatewayASN}`,
    ` bgp router-id ${bgp.upstream.gatewayAddress}`,
    " no bgp ebgp-requires-policy",
    " no bgp default ipv4-unicast",
    ...routers.flatMap((router) => [
      ` neighbor ${router} remote-as ${bgp.routersASN}`,
      ` neighbor ${router} password ${password}`,
      ` neighbor ${router} ttl-security hops 1`,
      ` neighbor ${router} bfd profile routers`,
      ` neighbor ${router} timers ${bgp.timers.keepaliveSeconds} ${bgp.timers.holdSeconds}`,
      ` neighbor ${router} timers connect 1`,
    ]),
    " address-family ipv4 unicast",
    // What no router may ever listen to: a default route and the pods.
    "  network 0.0.0.0/0",
    ...routers.map((router) => `  neighbor ${router} activate`),
    " exit-address-family",
    "exit",
    "",
  ].join("\n");
}
