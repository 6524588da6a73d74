/** `npm run bench`: how fast the project is, as ratios. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitCodes, projectRoot, runCommand, UsageError } from "../tools/command";
import { type Finding, holds, ratio } from "./finding";
import { report, thisMachine } from "./report";
import { scale } from "./scale";
import { start } from "./start";

const benchmarks: Readonly<Record<string, () => Finding[] | Promise<Finding[]>>> = { start, scale };

const help = `npm run bench [-- --only NAME] [--json] [--write]

Measures what must stay fast, each against a yardstick on the same machine, and prints medians and ratios.

  start   the program's start until it asks vCenter, against an empty compiled program
  scale   check and plan of 250 clusters, against five times those of 50

  --only NAME  one of them
  --json       {"version": 1, "machine": {...}, "findings": [{name, what, unit, measured, against, ratio, limit, runs, holds}]}
  --write      writes the table to bench/report.md, to be committed

Exit code 0: every ratio keeps its limit, 1: one does not, 2: called wrongly.`;

void runCommand({
  help,
  options: { only: { type: "string" }, json: { type: "boolean" }, write: { type: "boolean" } },
  async run({ only, json = false, write = false }) {
    if (only !== undefined && !(only in benchmarks))
      throw new UsageError(`--only ${only}: there are ${Object.keys(benchmarks).join(", ")}`);
    if (only !== undefined && write) throw new UsageError("--write takes all findings, not those of --only");
    const findings: Finding[] = [];
    for (const [name, measure] of Object.entries(benchmarks)) {
      if (only !== undefined && only !== name) continue;
      console.error(`bench: ${name} ...`);
      findings.push(...(await measure()));
    }
    const machine = thisMachine();
    const table = report(findings, machine, new Date().toISOString().slice(0, 10));
    if (json) {
      const full = findings.map((each) => ({ ...each, ratio: ratio(each), holds: holds(each) }));
      console.log(JSON.stringify({ version: 1, machine, findings: full }, undefined, 2));
    } else console.log(table);
    if (write) writeFileSync(join(projectRoot, "bench", "report.md"), table);
    return findings.every(holds) ? exitCodes.done : exitCodes.refused;
  },
});
