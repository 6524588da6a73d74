/** What soak has done so far, a line for each time: an interrupted one goes on where it was. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SoakName } from "./descriptions";

export interface Outcome {
  /** Counted from 1. */
  readonly number: number;
  /** Absent: it bore it. */
  readonly failure?: string;
  readonly figures: Readonly<Record<string, number>>;
}

/** What `npm run soak` asks its tests to do, in the environment variable SOAK. */
export interface SoakOrder {
  readonly scenario: SoakName;
  readonly count: number;
  readonly seed: number;
  /** File of the outcomes. */
  readonly journal: string;
}

export function outcomes(journal: string): Outcome[] {
  if (!existsSync(journal)) return [];
  const lines = readFileSync(journal, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Outcome);
}

export function record(journal: string, outcome: Outcome): void {
  mkdirSync(dirname(journal), { recursive: true });
  appendFileSync(journal, `${JSON.stringify(outcome)}\n`);
}
