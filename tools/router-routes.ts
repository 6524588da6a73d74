/** Which routes one router carries and another does not, by what FRR says of both. */

interface Carried {
  /** Of `show bgp … neighbors … advertised-routes json`: what gw hears. */
  readonly advertisedRoutes?: Readonly<Record<string, unknown>>;
  /** Of `show bgp … json`: what is known, where gw hears nothing. */
  readonly routes?: Readonly<Record<string, unknown>>;
}

function prefixes(said: string): string[] {
  const { advertisedRoutes, routes } = JSON.parse(said) as Carried;
  return Object.keys(advertisedRoutes ?? routes ?? {});
}

/** Sorted prefixes that the first answer has and the second lacks. */
export function missingRoutes(own: string, theirs: string): string[] {
  const carried = new Set(prefixes(theirs));
  return prefixes(own)
    .filter((prefix) => !carried.has(prefix))
    .sort();
}
