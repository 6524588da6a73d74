import { planRegion } from "../../plan/plan";
import { bridgeDestinations } from "../../render/jump";
import { exampleSites } from "../support/example-sites";
import { examplePlan } from "../support/example-host";

describe("what may be reached through the jump host", () => {
  const plan = examplePlan();
  const destinations = bridgeDestinations(plan);
  const others = plan.hosts.filter(({ role }) => role !== "jump");
  const nodes = Array.from({ length: 150 }, (_, index) => `172.20.10.${100 + index}:22`);

  const machines = [
    ...others.flatMap(({ address, fqdn }) => [`${address}:22`, `${fqdn}:22`]),
    ...exampleSites().siziano.activeDirectory.servers.map(({ address }) => `${address}:22`),
    ...nodes,
  ];

  test("is exactly: SSH of every host and node, and of the directory's servers", () => {
    expect([...destinations].sort()).toEqual([...machines].sort());
  });

  test("and the API servers, where `up` comes to them through a proxy on the jump host", () => {
    const sites = exampleSites();
    sites.siziano.access.proxy = "socks5://127.0.0.1:1080";
    const apis = [
      ...plan.hosts
        .filter(({ role }) => role === "capi")
        .flatMap(({ address, fqdn }) => [`${address}:6443`, `${fqdn}:6443`]),
      ...plan.clusters.flatMap(({ apiVip, apiName }) => [`${apiVip}:6443`, `${apiName}:6443`]),
    ];
    expect([...bridgeDestinations(planRegion(sites, "siziano"))].sort()).toEqual([...machines, ...apis].sort());
  });

  test("leaves out what the jump host reaches for itself: names, time, logs, packages", () => {
    for (const { to, ports } of plan.flows.filter(({ from }) => from.name === "fixed hosts")) {
      for (const address of to.addresses)
        for (const port of ports) expect(destinations).not.toContain(`${address}:${port}`);
    }
  });

  test("is SSH only where `up` reaches the region directly", () => {
    const sites = exampleSites();
    sites.siziano.access.path = "direct";
    const direct = bridgeDestinations(planRegion(sites, "siziano"));
    expect(direct.filter((destination) => !destination.endsWith(":22"))).toEqual([]);
    expect(direct).toHaveLength(others.length * 2 + nodes.length);
  });
});
