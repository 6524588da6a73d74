/** Outcomes of a soak as a page to commit. */
import type { Machine } from "../../bench/report";
import type { Outcome } from "./journal";
import type { Soak } from "./descriptions";

const median = (sorted: readonly number[]): number => sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;

/** Markdown; `date` as YYYY-MM-DD. */
export function soakReport(
  { scenario, seed, soak }: { readonly scenario: string; readonly seed: number; readonly soak: Soak },
  outcomes: readonly Outcome[],
  { processor, cores, memoryGiB }: Machine,
  date: string,
): string {
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  const names = [...new Set(outcomes.flatMap(({ figures }) => Object.keys(figures)))];
  const rows = names.map((name) => {
    const values = outcomes.flatMap(({ figures }) => (name in figures ? [figures[name]] : [])).sort((a, b) => a - b);
    return `| ${name} | ${soak.budgets[name] ?? ""} | ${values[0]} | ${median(values)} | ${values.at(-1)} |`;
  });
  return [
    `# ${scenario}: ${outcomes.length - failed.length} of ${outcomes.length}`,
    "",
    `${date}, ${cores} cores (${processor}), ${memoryGiB} GiB, seed ${seed}. ${soak.what}. Made by \`npm run soak\`.`,
    "",
    ...(rows.length === 0
      ? []
      : ["| figure | budget | least | median | most |", "| --- | --- | --- | --- | --- |", ...rows, ""]),
    ...failed.map(({ number, failure }) => `- time ${number}: ${failure}`),
    ...(failed.length === 0 ? [] : [""]),
  ].join("\n");
}
