/** Overlaps found by one pass over sorted spans: time grows with the number of networks, not with its square. */
import { overlaps, type Span } from "./cidr";
import type { Fact } from "./facts";

type Placed<T extends Fact> = T & { readonly span: Span };

/** Every item that overlaps one starting before it, with the one of those that reaches furthest. */
export function overlapping<T extends Fact>(items: readonly T[]): [Placed<T>, Placed<T>][] {
  const pairs: [Placed<T>, Placed<T>][] = [];
  let furthest: Placed<T> | undefined;
  for (const item of sorted(items)) {
    if (furthest !== undefined && overlaps(item.span, furthest.span)) pairs.push([item, furthest]);
    furthest = further(furthest, item);
  }
  return pairs;
}

/** Overlaps between two groups, never within one. */
export function crossing<A extends Fact, B extends Fact>(
  left: readonly A[],
  right: readonly B[],
): [Placed<A>, Placed<B>][] {
  const pairs: [Placed<A>, Placed<B>][] = [];
  let furthestLeft: Placed<A> | undefined;
  let furthestRight: Placed<B> | undefined;
  const lefts = sorted(left);
  const rights = sorted(right);
  let l = 0;
  let r = 0;
  while (l < lefts.length || r < rights.length) {
    const nextLeft = lefts[l];
    const nextRight = rights[r];
    if (nextLeft !== undefined && (nextRight === undefined || nextLeft.span.first <= nextRight.span.first)) {
      if (furthestRight !== undefined && overlaps(nextLeft.span, furthestRight.span))
        pairs.push([nextLeft, furthestRight]);
      furthestLeft = further(furthestLeft, nextLeft);
      l++;
    } else if (nextRight !== undefined) {
      if (furthestLeft !== undefined && overlaps(nextRight.span, furthestLeft.span))
        pairs.push([furthestLeft, nextRight]);
      furthestRight = further(furthestRight, nextRight);
      r++;
    }
  }
  return pairs;
}

const further = <T extends Fact>(a: Placed<T> | undefined, b: Placed<T>): Placed<T> =>
  a === undefined || b.span.last > a.span.last ? b : a;

/** By first address; the order of equals follows site and path, so that the same faults come out whatever the order of the files. */
function sorted<T extends Fact>(items: readonly T[]): Placed<T>[] {
  return items
    .filter((item): item is Placed<T> => item.span !== undefined)
    .sort((a, b) => compare(a.span.first, b.span.first) || compare(a.site, b.site) || compare(a.path, b.path));
}

const compare = <T extends bigint | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);
