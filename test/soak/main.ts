/** `npm run soak`: what `npm test` does once, many times, with a report to commit. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { thisMachine } from "../../bench/report";
import { CommandError, exitCodes, projectRoot, runCommand, UsageError } from "../../tools/command";
import { isSoak, type SoakName, soaks } from "./descriptions";
import { outcomes, type SoakOrder } from "./journal";
import { soakReport } from "./report";

const known = Object.keys(soaks) as SoakName[];

const help = `npm run soak -- [--scenario NAME] [--count N] [--seed X]

Repeats scenarios on a lab of the region's hosts, and writes docs/soak/DATE-NAME.md. What was done stays in .lab/soak: the same
call goes on where it was interrupted, and --count 30 after --count 20 does ten more.

  router-dies    a router dies, and is switched on again; clients connect a hundred times a second
  session-flaps  gw's session with a router flaps, in the same way
  killed-up      \`up\` is killed at a random moment, recover and up bring the region back

  --scenario NAME  one of them; default: all
  --count N        how often; default: 20
  --seed X         of the random moments and routers, an integer; default: 1

Exit code 0: all were borne, 1: one was not, 2: called wrongly.`;

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`--${name} ${text}: write a whole number`);
  return Number(text);
}

/** Repeats one scenario and writes its report. Returns whether all were borne. */
function repeat(order: SoakOrder): boolean {
  const { scenario, seed, journal, count } = order;
  const jest = ["jest", "--selectProjects", "soak", "--runInBand"];
  const env = { ...process.env, SOAK: JSON.stringify(order), LAB: "soak" };
  const { status } = spawnSync("npx", jest, { cwd: projectRoot, env, stdio: "inherit" });
  const all = outcomes(journal).filter(({ number }) => number <= count);
  if (all.length < count) throw new CommandError(`${scenario}: ${all.length} of ${count} done; the same call goes on`);
  const date = new Date().toISOString().slice(0, 10);
  const folder = join(projectRoot, "docs", "soak");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${date}-${scenario}.md`);
  writeFileSync(file, soakReport({ scenario, seed, soak: soaks[scenario] }, all, thisMachine(), date));
  console.log(`wrote ${file}`);
  return status === 0 && all.every(({ failure }) => failure === undefined);
}

void runCommand({
  help,
  options: { scenario: { type: "string" }, count: { type: "string" }, seed: { type: "string" } },
  run({ scenario, count = "20", seed = "1" }) {
    if (scenario !== undefined && !isSoak(scenario))
      throw new UsageError(`--scenario ${scenario}: there are ${known.join(", ")}`);
    const numbers = { count: wholeNumber("count", count), seed: wholeNumber("seed", seed) };
    let borne = true;
    for (const each of scenario === undefined ? known : [scenario]) {
      const journal = join(projectRoot, ".lab", "soak", `${each}-${numbers.seed}.jsonl`);
      borne = repeat({ scenario: each, journal, ...numbers }) && borne;
    }
    return borne ? exitCodes.done : exitCodes.refused;
  },
});
