import { waitFor } from "../../../lab/run";
import { basePolicies } from "../../../render/cilium/policies";
import { ask, deployed, type Items } from "../../support/cluster-nodes";
import { lab, progress } from "../../support/lab";
import { type Opening, openings } from "../../support/openings";
import { Inside } from "../../support/openings-cluster";
import { goingOn, groupsOf, policiesOf } from "../../support/openings-groups";

const cluster = () => deployed().find(({ name }) => name === "management")!;

interface Policy {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const titleOf = ({ policies, from }: Opening): string => `${policies.join(" and ")} from ${from}`;

/** Waits until, in one and the same round of questions, these pass and those are stopped. */
async function become(inside: Inside, when: string, passing: readonly Opening[], stopped: readonly Opening[] = []) {
  await waitFor(`all to pass that should, and no other, ${when}`, 60_000, async () => {
    const passed = await inside.passing([...passing, ...stopped]);
    const wrong = [
      ...passing.filter((each) => !passed.has(each)).map((each) => `stopped: ${titleOf(each)}`),
      ...stopped.filter((each) => passed.has(each)).map((each) => `passes: ${titleOf(each)}`),
    ];
    if (wrong.length > 0) throw new Error(wrong.join("\n"));
    return true;
  });
}

/** Takes the openings of the base policies away, sees their traffic and no other stop, and puts them back. */
export function openingsScenario(): void {
  const base = () =>
    new Map(basePolicies(lab().plan, cluster(), lab().site).map((object) => [object.metadata.name, object] as const));

  test("every base policy is valid in the eyes of Cilium's operator", async () => {
    const { items } = await ask<Items<Policy>>(cluster().name, "ciliumclusterwidenetworkpolicies");
    const verdicts = items.map(({ metadata, status }) => [
      metadata.name,
      status?.conditions?.find(({ type }) => type === "Valid")?.status,
    ]);
    const names = [...base().keys()];
    expect(Object.fromEntries(verdicts)).toMatchObject(Object.fromEntries(names.map((name) => [name, "True"])));
  });

  test("each opening of a cluster's base policies is what its traffic passes through", async () => {
    const inside = await Inside.enter(cluster());
    const objects = base();
    const all = openings(inside.known);
    try {
      // An opening that no traffic is tried through would be one that nobody knows the need of.
      expect(policiesOf(all).sort()).toEqual([...objects.keys()].sort());
      await become(inside, "at first", all);
      for (const group of groupsOf(all)) {
        const names = policiesOf(group);
        const [severs] = group.flatMap((each) => each.severs ?? []);
        const began = Date.now();
        await inside.takeAway(names);
        await become(inside, `without ${names.join(", ")}`, goingOn(all, group), group);
        const stopped = Date.now();
        if (severs === "for good") await inside.enforceNothing();
        await inside.putBack(names.map((name) => objects.get(name)!));
        if (severs === "for good") {
          await become(inside, "where nothing is enforced", group);
          await inside.enforceAgain(names);
        }
        await become(inside, `with ${names.join(", ")} again`, all);
        const seconds = [stopped - began, Date.now() - stopped].map((each) => `${each / 1000} s`);
        progress.say(`${group.map(titleOf).join(", ")}: stop within ${seconds[0]}, pass again within ${seconds[1]}`);
      }
    } finally {
      await inside.putBack([...objects.values()]);
      await inside.leave();
    }
  });
}
