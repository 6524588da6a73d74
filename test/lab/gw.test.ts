import { renderGatewayFirewall, renderGatewayFrr } from "../../lab/fixtures/gw";
import { run } from "../../lab/run";
import { surroundingsOf } from "../../lab/surroundings";
import { planRegion } from "../../plan/plan";
import { exampleSites } from "../support/example-sites";

const sites = exampleSites();
const region = (name: "siziano" | "dr") => {
  const { office, servers, inet } = surroundingsOf(sites[name]).networks;
  const plan = planRegion(sites, name);
  return { plan, rules: renderGatewayFirewall(plan, [office, servers], inet) };
};

/** nft's own reading, in a network namespace that ends with the command. */
const nftCheck = (rules: string) => run(["unshare", "--net", "nft", "--check", "--file", "-"], { input: rules });

describe.each(["siziano", "dr"] as const)("gw of %s", (name) => {
  const { plan, rules } = region(name);

  test("nft accepts the rules, and refuses a broken one", async () => {
    await nftCheck(rules);
    await expect(nftCheck(rules.replace("policy drop", "policy drip"))).rejects.toThrow("policy");
  });

  test("each row of the matrix is one opening, and nothing else crosses into the VLAN", () => {
    const openings = rules.split("\n").filter((line) => line.includes("counter accept comment"));
    expect(openings).toHaveLength(plan.firewall.length);
    const forward = rules.slice(rules.indexOf("chain forward"), rules.indexOf("chain internet"));
    expect(forward.match(/accept/g)).toHaveLength(2); // established flows, and the office's own business
    expect(forward).not.toContain(plan.vlan.cidr);
    expect(rules.match(/policy drop/g)).toHaveLength(2);
  });
});

test("gw of siziano hears balancer addresses only, says nothing, and prefers a router that is not shutting down", () => {
  const { plan } = region("siziano");
  const text = renderGatewayFrr(plan, "secret-of-gw");
  for (const { balancers } of plan.clusters)
    expect(text).toMatch(new RegExp(`prefix-list balancers .* permit ${balancers} ge 32`));
  for (const { address } of plan.bgp.routers) expect(text).toContain(`neighbor ${address} peer-group routers`);
  expect(text).toContain("neighbor routers route-map routers-in in");
  expect(text).toContain("neighbor routers route-map nothing out");
  expect(text).toMatch(/match community graceful-shutdown\n set local-preference 0/);
  expect(() => renderGatewayFrr(plan, undefined)).toThrow("npm run secrets");
});

test("gw of dr routes the balancers to the routers' shared address and speaks no BGP", () => {
  const { plan } = region("dr");
  const text = renderGatewayFrr(plan, undefined);
  const upstream = plan.bgp.upstream;
  if (upstream.kind !== "static") throw new Error("dr's upstream is static");
  for (const { balancers } of plan.clusters)
    expect(text).toContain(`ip route ${balancers} ${upstream.sharedAddress}\n`);
  expect(text).not.toContain("router bgp");
});
