/** What a rule of the check is. */
import type { Fault } from "../../config/fault";
import type { Drafts, Facts } from "../facts";

/** What rules look at: the sites as written, what was parsed of them, and which one `up` is about to build, if any. */
export interface World {
  readonly drafts: Drafts;
  readonly facts: Facts;
  /** Faults of shape, found before: what they are about is missing in the drafts. */
  readonly malformed: readonly Fault[];
  readonly up?: string;
}

/** A fault as a rule reports it; severity is error unless said. */
export type Finding = Omit<Fault, "rule" | "severity"> & { readonly severity?: Fault["severity"] };

export interface Rule {
  /** Stable, kebab-case. */
  readonly id: string;
  /** The rule in a sentence, for the generated reference. */
  readonly states: string;
  readonly find: (world: World) => readonly Finding[];
}

/** What `find` gives for each of the sites that hold all of `keys` well-formed. */
export function eachSite<K extends keyof Drafts[string], T = Finding>(
  world: World,
  keys: readonly K[],
  find: (site: string, draft: Required<Pick<Drafts[string], K>>) => readonly T[],
): T[] {
  return Object.entries(world.drafts).flatMap(([site, draft]) =>
    keys.every((key) => draft[key] !== undefined) ? find(site, draft as Required<Pick<Drafts[string], K>>) : [],
  );
}

/** Every item but the first of those that share a key, with that first one. */
export function repeated<T>(items: readonly T[], key: (item: T) => string | number | bigint): [T, T][] {
  const first = new Map<string | number | bigint, T>();
  const pairs: [T, T][] = [];
  for (const item of items) {
    const holder = first.get(key(item));
    if (holder === undefined) first.set(key(item), item);
    else pairs.push([item, holder]);
  }
  return pairs;
}
