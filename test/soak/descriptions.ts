/** What soak repeats, in words and figures. */

/**
 * Milliseconds in which no new connection succeeds, from the first that is lost to the last. Sources: docs/routing.md; BFD
 * gives up after 900 ms.
 */
export const routerBudgets = { dies: 1000, returns: 0, sessionFlaps: 1000 } as const;

export interface Soak {
  readonly what: string;
  /** How it finds the region, and leaves it. */
  readonly region: "empty" | "up";
  /** Of a figure of that name, what it may not exceed. */
  readonly budgets: Readonly<Record<string, number>>;
}

export type SoakName = "router-dies" | "session-flaps" | "killed-up";

export const soaks: Readonly<Record<SoakName, Soak>> = {
  "router-dies": {
    what: "a router dies under 100 new connections a second, and is switched on again",
    region: "up",
    budgets: { deathMilliseconds: routerBudgets.dies, returnMilliseconds: routerBudgets.returns },
  },
  "session-flaps": {
    what: "gw's session with a router flaps under 100 new connections a second",
    region: "up",
    budgets: { lostMilliseconds: routerBudgets.sessionFlaps },
  },
  "killed-up": {
    what: "`up` of the region is killed at a random moment; recover and up bring it back, and nothing is there twice",
    region: "empty",
    budgets: {},
  },
};

export const isSoak = (name: string): name is SoakName => name in soaks;
