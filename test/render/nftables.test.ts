import { nftablesFile } from "../../render/nftables";
import { realReader } from "../real-reader";
import { examplePlan } from "../support/example-host";

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

  test("forwards on routers only: what goes to balancers, outside connection tracking", () => {
    const forwards = ["clients-balancers", "ad-cluster-dns-tcp", "ad-cluster-dns-udp"];
    expect(accepted(content, "forward")).toEqual(host.role === "bgp" ? forwards : []);
    expect(content.includes("notrack")).toBe(host.role === "bgp");
  });

  test("drops by default, everywhere", () => {
    expect(content.match(/hook (input|output|forward) priority filter; policy drop;/g)).toHaveLength(3);
  });
});

test("nft refuses a port that does not exist", async () => {
  const { content } = nftablesFile(plan, plan.hosts[0]!);
  expect((await nft(content.replace("tcp dport 22 ", "tcp dport 70000 "))).code).toBe(1);
});
