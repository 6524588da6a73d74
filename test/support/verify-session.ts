/** verify's SSH in a process of its own, so that a test can run it in another network: reads a SessionRequest, prints a SessionResult. */
import type { Site } from "../../config/site";
import type { RegionPlan } from "../../plan/model";
import type { Credentials } from "../../verify/credentials";
import { hostTarget, withSsh } from "../../verify/ssh";
import { requestFromInput } from "./input";

export interface SessionRequest {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly credentials: Credentials;
  readonly host: string;
  readonly commands: readonly string[];
}

/** What each command printed, or why it did not. */
export type SessionResult = readonly { readonly output?: string; readonly error?: string }[];

async function ask({ site, plan, credentials, host, commands }: SessionRequest): Promise<SessionResult> {
  const target = plan.hosts.find(({ name }) => name === host);
  if (target === undefined) throw new Error(`the plan has no host ${host}`);
  const why = (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) });
  return withSsh(site, plan, credentials, hostTarget(credentials, target), async (run) => {
    const results: { output?: string; error?: string }[] = [];
    for (const command of commands) results.push(await run(command).then((output) => ({ output }), why));
    return results;
  }).catch((error: unknown) => [why(error)]);
}

if (require.main === module)
  void requestFromInput<SessionRequest>()
    .then(ask)
    .then((result) => console.log(JSON.stringify(result)));
