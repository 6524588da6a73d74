/** Each cluster's zone in Active Directory: as its name servers answer, and as they are configured where that can be read. */
import type { Site } from "../config/site";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { showForwarder } from "../render/forwarders/show";
import { askOne, fail, findingOf, type Check, type Finding } from "./check";
import type { Credentials } from "./credentials";
import { nameServer } from "./names";
import { withSsh } from "./ssh";

interface Authority {
  readonly nsname: string;
  readonly serial: number;
}

const withoutDot = (name: string): string => name.replace(/\.$/, "");

const soaText = ({ nsname, serial }: Authority): string => `${withoutDot(nsname)}, serial ${serial}`;

/** What a domain controller answers for a zone, beside what the cluster's own DNS answers; undefined: it does not. */
export function judgeAuthority(answer: Authority, own: Authority | undefined): Finding {
  if (own === undefined) return fail(`answers ${soaText(answer)}, and the cluster's own DNS does not answer`);
  const [theirs, ours] = [withoutDot(answer.nsname), withoutDot(own.nsname)];
  return findingOf(soaText(answer), [
    theirs !== ours && `answers from ${theirs}, not from the cluster's DNS (${ours})`,
  ]);
}

/** What a DNS server says that it has configured (`showForwarder`). */
export function judgeConfigured(address: string, answer: string): Finding {
  const said = answer.trim().replace(/\s+/g, " ");
  if (said === "") return fail("the server has no such zone: nothing is forwarded");
  const addresses = said.match(/\d+\.\d+\.\d+\.\d+/g) ?? [];
  return findingOf(said, [
    !/^forward/i.test(said) && `is no forwarder: ${said}`,
    addresses.join() !== address && `leads to ${addresses.join(", ") || "nowhere"}, not to ${address}`,
  ]);
}

/** Answers for all clusters, from the cluster's own DNS and from each domain controller. */
async function checkAnswers(plan: RegionPlan, cluster: ClusterPlan): Promise<readonly Check[]> {
  const question = (address: string) => `DNS query SOA to ${address}`;
  const own = nameServer(cluster.dnsAddress).resolveSoa(cluster.zone);
  // Each row tells of it in its own words.
  const answered = own.catch(() => undefined);
  const found = await Promise.all([
    askOne("forwarder", `${cluster.zone} at its own DNS`, question(cluster.dnsAddress), async () =>
      findingOf(soaText(await own), []),
    ),
    ...plan.dns.nameservers.map((address) =>
      askOne("forwarder", `${cluster.zone} through ${address}`, question(address), async () =>
        judgeAuthority(await nameServer(address).resolveSoa(cluster.zone), await answered),
      ),
    ),
  ]);
  return found.flat();
}

/** What the domain controllers have configured, where the stack holds an account that may ask them. */
async function checkConfigured(
  site: Site,
  plan: RegionPlan,
  credentials: Credentials,
  cluster: ClusterPlan,
): Promise<readonly Check[]> {
  const { directory } = credentials;
  const { administration } = site.activeDirectory.dns;
  if (directory === undefined || administration === "manual") return [];
  const source = { windows: "Get-DnsServerZone", bind: "named-checkconf -p" }[administration];
  const found = await Promise.all(
    site.activeDirectory.servers.map(({ name, address }) =>
      askOne("forwarder", `${cluster.zone} configured at ${name}`, `${name}: ${source}`, () => {
        const { user, port, privateKey, hostKeys } = directory;
        const target = { name, address, port, user, privateKey, hostKey: hostKeys[name] };
        return withSsh(site, plan, credentials, target, async (run) =>
          judgeConfigured(cluster.dnsAddress, await run(showForwarder(administration, cluster.zone))),
        );
      }),
    ),
  );
  return found.flat();
}

export async function checkForwarders(
  site: Site,
  plan: RegionPlan,
  credentials: Credentials,
  clusters: readonly ClusterPlan[],
): Promise<readonly Check[]> {
  const found = await Promise.all(
    clusters.flatMap((cluster) => [checkAnswers(plan, cluster), checkConfigured(site, plan, credentials, cluster)]),
  );
  return found.flat();
}
