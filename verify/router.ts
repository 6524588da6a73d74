/** A router's rows: its sessions and its routes, asked in one session. */
import type { HostPlan } from "../plan/model";
import { routerQuestions, type RouterQuestion } from "../render/verify-account";
import { ask, toRows, type Check } from "./check";
import type { Live } from "./live";
import { judgeRoutes } from "./routes";
import type { LoadBalancer } from "./services";
import { judgeRouterSessions } from "./sessions";
import { hostTarget, withSsh } from "./ssh";

/**
 * Every question to one router.
 * @param services of all deployed clusters, by cluster name
 * @param speaking names of the nodes that speak BGP, by address
 */
export function checkRouter(
  { site, plan, credentials }: Live,
  host: HostPlan,
  services: ReadonlyMap<string, readonly LoadBalancer[]>,
  speaking: ReadonlyMap<string, string>,
): Promise<readonly Check[]> {
  const questions = routerQuestions(plan.bgp);
  const source = (question: RouterQuestion) => `${host.name}: vtysh -c "${questions[question] ?? ""}"`;
  return ask("session", host.name, `${host.name}: SSH`, () =>
    withSsh(site, plan, credentials, hostTarget(credentials, host), async (run) => {
      const answer = (question: RouterQuestion) => run(questions[question] ?? "");
      const sessions = await ask("session", host.name, source("summary"), async () =>
        toRows("session", source("summary"), judgeRouterSessions(plan, host.name, speaking, await answer("summary"))),
      );
      const routes = await ask("route", host.name, source("table"), async () => {
        const answers = {
          table: await answer("table"),
          kernel: await answer("kernel"),
          ...(questions.advertised === undefined ? {} : { advertised: await answer("advertised") }),
        };
        return toRows("route", source("table"), judgeRoutes(plan, host.name, services, answers));
      });
      return [...sessions, ...routes];
    }),
  );
}
