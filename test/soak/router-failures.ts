/** What befalls a router while clients connect, and what they may lose of it: the budgets of docs/routing.md. */
import { waysAtGw } from "../e2e/scenarios/bgp";
import { lab } from "../support/lab";
import { kill, powerOn } from "../support/lab-power";
import { routerBudgets } from "./descriptions";

export interface Failure {
  readonly what: string;
  /** Milliseconds without a new connection, from the first that is lost to the last. */
  readonly budget: number;
  /** `router`: its host's name. Ends when gw has noticed. */
  readonly happens: (router: string) => Promise<void>;
}

const routers = () => lab().plan.bgp.routers;

async function clearSession(router: string): Promise<void> {
  const { address } = routers().find(({ host }) => host === router)!;
  await lab().exec("gw", ["vtysh", "-c", `clear bgp ${address}`]);
  await waysAtGw(routers().length);
}

export const routerFailures: Readonly<Record<keyof typeof routerBudgets, Failure>> = {
  dies: {
    what: "a router dies",
    budget: routerBudgets.dies,
    happens: async (router) => {
      await kill(router);
      await waysAtGw(routers().length - 1);
    },
  },
  returns: {
    what: "it is switched on again",
    budget: routerBudgets.returns,
    happens: async (router) => {
      await powerOn(router);
      await waysAtGw(routers().length);
    },
  },
  sessionFlaps: {
    what: "gw's session with a router flaps",
    budget: routerBudgets.sessionFlaps,
    happens: clearSession,
  },
};
