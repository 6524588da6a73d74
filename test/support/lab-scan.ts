/** Which ports of a host answer to whom: what nmap finds, and what the plan opens. */
import { isInside, spanOf } from "../../plan/cidr";
import type { HostPlan, RegionPlan } from "../../plan/model";
import type { RunResult } from "../../lab/run";

/** Somebody who knocks: his address, his side of gw, and how a command runs there as root. */
export interface Prober {
  readonly name: string;
  readonly address: string;
  readonly inVlan: boolean;
  exec(command: readonly string[]): Promise<RunResult>;
}

/** UDP services that Linux hosts of this kind could run; the rest of the 65,535 cannot be told from silence in useful time. */
const udpPorts = [
  53, 67, 68, 69, 111, 123, 137, 161, 323, 500, 514, 1900, 3784, 3785, 4500, 4784, 5353, 5355, 6081, 8223, 8472, 51871,
];

/**
 * Ports that a source may reach on a host, as `tcp/22`, by the plan's flows.
 * TCP 179 is left out: its sockets have TCP-MD5 keys, and RFC 2385 has unsigned segments dropped without an answer.
 */
export function plannedPorts(plan: RegionPlan, host: HostPlan, source: Pick<Prober, "address" | "inVlan">): string[] {
  const from = spanOf(source.address);
  const flows = plan.flows.filter(
    (flow) =>
      flow.from.inVlan === source.inVlan &&
      flow.to.hosts.includes(host.name) &&
      flow.from.addresses.some((range) => isInside(from, spanOf(range))) &&
      (flow.protocol === "tcp" || flow.protocol === "udp"),
  );
  const ports = flows.flatMap(({ protocol, ports: list }) => list.map((port) => `${protocol}/${String(port)}`));
  return [...new Set(ports)].filter((port) => port !== "tcp/179").sort();
}

/** `port` elements and the summaries of states that nmap does not list one by one. */
function parseHost(xml: string): { readonly reached: string[]; readonly silent: string[] } {
  const ports = [...xml.matchAll(/<port protocol="(\w+)" portid="(\d+)"><state state="([^"]+)"/g)];
  const reached = ports
    // A closed port let the packet through to a host that has no listener: it is as open as the firewall is concerned.
    .filter(([, , , state]) => state === "open" || state === "closed" || state === "unfiltered")
    .map(([, protocol, port]) => `${protocol}/${port}`);
  const extra = [...xml.matchAll(/<extraports state="([^"]+)" count="(\d+)"/g)].map(
    ([, state, count]) => `${count} ${state}`,
  );
  return { reached: reached.sort(), silent: extra };
}

/**
 * What one source reaches on each host, by address: TCP ports, all by default, and the UDP ports above. Throws if nmap says less.
 * The speed is for hosts that are silent about what they refuse; one that answers for each port needs a shorter list.
 */
export async function scan(
  prober: Prober,
  addresses: readonly string[],
  tcpPorts = "1-65535",
): Promise<ReadonlyMap<string, string[]>> {
  const common = ["nmap", "-n", "-Pn", "-T5", "--max-retries", "1", "-oX", "-"];
  const tcp = [...common, "-sS", "-p", tcpPorts, "--min-rate", "50000", "--max-rtt-timeout", "150ms", ...addresses];
  const udp = [...common, "-sU", "-p", udpPorts.join(","), "--max-rtt-timeout", "300ms", ...addresses];
  const found = new Map<string, string[]>(addresses.map((address) => [address, []]));
  for (const command of [tcp, udp]) {
    const { stdout, stderr } = await prober.exec(command);
    const hosts = stdout.split("<host ").slice(1);
    // A router has no way to a LoadBalancer address that no service has, and nmap leaves it out.
    const unreachable = [...stderr.matchAll(/failed to determine route to ([\d.]+)/g)];
    if (hosts.length + unreachable.length !== addresses.length)
      throw new Error(`nmap from ${prober.name} reported ${hosts.length} hosts`);
    for (const xml of hosts) {
      const address = /<address addr="([\d.]+)" addrtype="ipv4"/.exec(xml)?.[1] ?? "";
      const { reached, silent } = parseHost(xml);
      const answering = silent.filter((each) => !/ (filtered|open\|filtered)$/.test(each));
      found.get(address)?.push(...reached, ...answering);
    }
  }
  return found;
}
