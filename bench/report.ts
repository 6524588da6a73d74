/** Findings as a table to commit, with the machine that they come from. */
import { cpus, totalmem } from "node:os";
import { type Finding, holds, ratio } from "./finding";

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
}

export function thisMachine(): Machine {
  const all = cpus();
  const processor = all[0]?.model.trim() ?? "unknown";
  return { processor, cores: all.length, memoryGiB: Math.round(totalmem() / 2 ** 30), node: process.version };
}

const number = (value: number): string => (value >= 100 ? value.toFixed(0) : value.toPrecision(3));

/** Markdown; `date` as YYYY-MM-DD. */
export function report(findings: readonly Finding[], machine: Machine, date: string): string {
  const rows = findings.map((finding) => {
    const { what, measured, against, unit, limit, runs } = finding;
    const verdict = holds(finding) ? "holds" : "**fails**";
    const of = `${number(measured)} ${unit} | ${number(against)} ${unit}`;
    return `| ${what} | ${of} | ${ratio(finding).toFixed(2)} | ${limit} | ${runs} | ${verdict} |`;
  });
  const { processor, cores, memoryGiB, node } = machine;
  return [
    "# Benchmark",
    "",
    `${date}, ${cores} cores (${processor}), ${memoryGiB} GiB, Node.js ${node}. Medians; the last column says whether the ratio keeps`,
    "its limit. Made by `npm run bench -- --write`.",
    "",
    "| what | measured | against | ratio | limit | runs | |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}
