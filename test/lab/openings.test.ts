/** The openings that the whole lab's test takes away: all of them, in groups that prove something of each. */
import { basePolicies } from "../../render/cilium/policies";
import { exampleCluster } from "../support/example-cluster";
import { openings } from "../support/openings";
import { groupsOf, policiesOf } from "../support/openings-groups";

const { site, plan, cluster } = exampleCluster();
const addresses = ["controlPlane", "worker", "webOnControlPlane", "webOnWorker", "workerHealth"] as const;
const known = Object.fromEntries(addresses.map((name) => [name, plan.vlan.nodes.first])) as Record<
  (typeof addresses)[number],
  string
>;
const all = openings({ plan, cluster, ...known });
const groups = groupsOf(all);

test("every base policy is away exactly once", () => {
  const away = groups.flatMap(policiesOf);
  expect([...away].sort()).toEqual(
    basePolicies(plan, cluster, site)
      .map(({ metadata }) => metadata.name)
      .sort(),
  );
});

test("no traffic passes through the opening of another one of its group", () => {
  for (const group of groups) {
    for (const one of group) {
      const others = policiesOf(group).filter((name) => !one.policies.includes(name));
      const ways = [...one.policies, ...(one.alsoThrough ?? [])];
      expect([one.policies, ways.filter((name) => others.includes(name))]).toEqual([one.policies, []]);
    }
  }
});

test("nothing else is away while the worker hears of no policy", () => {
  const severing = groups.filter((group) => group.some(({ severs }) => severs !== undefined));
  expect(severing.map(policiesOf)).toEqual([["nodes-in-api"], ["hosts-out-api"]]);
});
