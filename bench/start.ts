/** How long the program takes to start, against one that does nothing. */
import { join } from "node:path";
import { run } from "../lab/run";
import { canarySecrets } from "../test/support/canary-secrets";
import { site, soundSite } from "../test/support/deployed-stack";
import { project, stackConfiguration } from "../test/support/site-stack";
import { type Finding, median } from "./finding";

const stack = "siziano";
const runs = 11;

/** Milliseconds of processor time from the start of node to where the program ends its start. */
async function startOf(program: string): Promise<number> {
  const { values, secretKeys } = stackConfiguration(stack, canarySecrets(site), soundSite);
  // As the engine hands a configuration to a program.
  const configuration = {
    PULUMI_CONFIG: JSON.stringify(values),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(secretKeys),
    PULUMI_NODEJS_PROJECT: project,
    PULUMI_NODEJS_STACK: stack,
  };
  const command = [process.execPath, join(__dirname, "programs", program)];
  const { stdout } = await run(command, { env: { ...process.env, ...configuration } });
  const milliseconds = Number(stdout);
  if (!(milliseconds > 0)) throw new Error(`${program} did not start: ${stdout}`);
  return milliseconds;
}

/** Loading, reading, checking and planning are part of it, vCenter's answers are not. */
export async function start(): Promise<Finding[]> {
  const took: Record<"site" | "empty", number[]> = { site: [], empty: [] };
  // In turns, so that what else the machine does meets both.
  for (let count = 0; count < runs; count++) {
    took.site.push(await startOf("site.js"));
    took.empty.push(await startOf("empty.js"));
  }
  const what = "the program's start (load, read, check, plan), against an empty compiled program's";
  const [measured, against] = [median(took.site), median(took.empty)];
  return [{ name: "start", what, unit: "ms", measured, against, limit: 1.5, runs }];
}
