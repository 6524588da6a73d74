import type { Site } from "../../config/site";
import { planRegion } from "../../plan/plan";
import { nftablesFile } from "../../render/nftables";
import { realReader } from "../real-reader";
import { examplePlan } from "../support/example-host";
import { exampleSites } from "../support/example-sites";

// The real programs run on a machine that may be busy.
jest.setTimeout(60_000);

const plan = examplePlan();
const nft = (content: string) =>
  realReader([{ path: "/etc/nftables.conf", content }], ["nft", "--check", "--file", "/etc/nftables.conf"]);

/** The ids of the flows that a chain accepts. */
function accepted(rules: string, chain: string): string[] {
  const body = new RegExp(`chain ${chain} \\{\\n([^}]*(?:\\}[^}\\n]+[^}]*)*?)\\n  \\}`).exec(rules)?.[1] ?? "";
  return [...body.matchAll(/accept comment "([^"]+)"/g)].map(([, id]) => id as string);
}

describe.each(plan.hosts.map((host) => [host.name, host] as const))("the firewall of %s", (name, host) => {
  const { content } = nftablesFile(plan, host);

  test("is one that nft loads", async () => {
    expect(await nft(content)).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("lets in the flows to the host, lets out those from it, and no other", () => {
    const ids = (side: "from" | "to") =>
      plan.flows.filter((flow) => flow[side].hosts.includes(name)).map(({ id }) => id);
    expect(accepted(content, "input")).toEqual(ids("to"));
    expect(accepted(content, "output")).toEqual(ids("from"));
  });

  test("forwards on routers what goes to balancers, outside connection tracking, and on capi what its pods may ask for", () => {
    const forwards: Partial<Record<typeof host.role, string[]>> = {
      bgp: ["clients-balancers", "ad-cluster-dns-tcp", "ad-cluster-dns-udp"],
      capi: plan.flows.filter((flow) => flow.from.hosts.includes(name)).map(({ id }) => id),
    };
    expect(accepted(content, "forward")).toEqual(forwards[host.role] ?? []);
    expect(content.includes("notrack")).toBe(host.role === "bgp");
    expect(content.includes("masquerade")).toBe(host.role === "capi");
  });

  test("drops by default, everywhere", () => {
    expect(content.match(/hook (input|output|forward) priority filter; policy drop;/g)).toHaveLength(3);
  });
});

/** What a site file may say that makes other rules: each is loaded by nft on every host. */
const sites: [string, (site: Site) => void][] = [
  ["`up` reaches hosts directly", (site) => (site.access.path = "direct")],
  [
    "gw routes to a shared address",
    (site) => (site.bgp.upstream = { kind: "static", sharedAddress: "172.20.10.20", virtualRouterId: 20 }),
  ],
  ["networks of administrators overlap", (site) => (site.administrators.sources = ["10.0.0.0/8", "10.1.0.0/16"])],
  ["users and administrators are the same", (site) => (site.users.sources = site.administrators.sources)],
  ["there is no central syslog", (site) => (site.syslog = [])],
  ["there is no cluster yet", (site) => (site.clusters = {})],
  ["Cluster API runs elsewhere", (site) => (site.managementPlane = { kind: "external" })],
  ["there are no mirrors", (site) => (site.mirrors = { addresses: [], components: { kind: "upstream" } })],
];

test.each(sites)("nft loads every host's rules where %s", async (_says, change) => {
  const changed = exampleSites();
  change(changed.siziano);
  const other = planRegion(changed, "siziano");
  const files = other.hosts.map((host) => ({ path: `/${host.name}.nft`, content: nftablesFile(other, host).content }));
  const command = files.map(({ path }) => `nft --check --file ${path}`).join(" && ");
  expect(await realReader(files, ["sh", "-c", command])).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("routers speak VRRP to each other where gw routes to a shared address, and only there", () => {
  const changed = exampleSites();
  changed.siziano.bgp.upstream = { kind: "static", sharedAddress: "172.20.10.20", virtualRouterId: 20 };
  const other = planRegion(changed, "siziano");
  const rules = (from: typeof plan) =>
    nftablesFile(
      from,
      from.hosts.find(({ name }) => name === "bgp1")!,
    ).content;
  expect(rules(other).match(/meta l4proto vrrp accept/g)).toHaveLength(2);
  expect(rules(plan)).not.toContain("vrrp");
});

test("nft refuses a port that does not exist", async () => {
  const { content } = nftablesFile(plan, plan.hosts[0]!);
  expect((await nft(content.replace("tcp dport 22 ", "tcp dport 70000 "))).code).toBe(1);
});
