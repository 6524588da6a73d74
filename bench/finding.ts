/** What a benchmark found: always a ratio, since seconds say more about the machine than about the program. */

export interface Finding {
  /** As `--only` names it. */
  readonly name: string;
  /** What was set against what. */
  readonly what: string;
  readonly unit: "s" | "ms" | "KiB";
  /** Medians. */
  readonly measured: number;
  readonly against: number;
  /** The largest ratio of the two that is still right. */
  readonly limit: number;
  /** Measurements behind each median. */
  readonly runs: number;
}

export const ratio = ({ measured, against }: Finding): number => measured / against;

export const holds = (finding: Finding): boolean => ratio(finding) <= finding.limit;

/** Throws for no value at all. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error("a median of no values");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
