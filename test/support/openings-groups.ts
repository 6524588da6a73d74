/**
 * Openings that may be taken away at once, each still seen to stop for its own sake: the traffic of none passes through an
 * opening of another one of its group.
 */
import type { Opening } from "./openings";

const everything = ({ policies, alsoThrough = [] }: Opening): readonly string[] => [...policies, ...alsoThrough];

const meets = (some: readonly string[], others: readonly string[]): boolean =>
  some.some((each) => others.includes(each));

const isSame = (one: Opening, other: Opening): boolean => one.policies.join() === other.policies.join();

const mayGoTogether = (one: Opening, other: Opening): boolean =>
  isSame(one, other) ||
  (one.severs === undefined &&
    other.severs === undefined &&
    !meets(one.policies, everything(other)) &&
    !meets(other.policies, everything(one)));

/** The groups that a first fit finds. */
export function groupsOf(openings: readonly Opening[]): (readonly Opening[])[] {
  const groups: Opening[][] = [];
  for (const opening of openings) {
    const group = groups.find((others) => others.every((other) => mayGoTogether(opening, other)));
    if (group === undefined) groups.push([opening]);
    else group.push(opening);
  }
  return groups;
}

/** Policies that are away while a group is. */
export const policiesOf = (group: readonly Opening[]): string[] => [
  ...new Set(group.flatMap(({ policies }) => policies)),
];

/** Openings whose traffic has to go on while a group is away. */
export function goingOn(openings: readonly Opening[], group: readonly Opening[]): Opening[] {
  const away = policiesOf(group);
  return openings.filter((opening) => !meets(everything(opening), away));
}
