/** The table of `npm run verify`, for people and for scripts. */
import { families, type Check } from "./check";

export interface Report {
  /** Version of this shape. */
  readonly version: 1;
  readonly site: string;
  /** ISO 8601, when it was looked at. */
  readonly time: string;
  readonly passed: number;
  readonly failed: number;
  readonly checks: readonly Check[];
  /** What nobody could see from here, and who can. */
  readonly unseen: readonly string[];
}

/** Rows by family; within one, in the order in which they were asked for. */
export function makeReport(site: string, time: Date, checks: readonly Check[], unseen: readonly string[]): Report {
  const sorted = families.flatMap((family) => checks.filter((check) => check.family === family));
  const failed = sorted.filter(({ verdict }) => verdict === "fail").length;
  return { version: 1, site, time: time.toISOString(), passed: sorted.length - failed, failed, checks: sorted, unseen };
}

/** One line a row, the source of each family's rows above them, and the failed ones once more at the end. */
export function renderReport(report: Report): string {
  const width = Math.max(0, ...report.checks.map(({ subject }) => subject.length));
  const line = ({ verdict, subject, detail }: Check) =>
    `  ${verdict === "pass" ? "ok  " : "FAIL"}  ${subject.padEnd(width)}  ${detail}`.trimEnd();
  const table = families.flatMap((family) => {
    const own = report.checks.filter((check) => check.family === family);
    const sources = [...new Set(own.map(({ source }) => source))];
    return own.length === 0
      ? []
      : [
          family,
          ...sources.flatMap((source) => [
            `  – ${source}`,
            ...own.filter((check) => check.source === source).map(line),
          ]),
        ];
  });
  const failed = report.checks.filter(({ verdict }) => verdict === "fail");
  return `${[
    ...table,
    ...(report.unseen.length > 0 ? ["not seen from here", ...report.unseen.map((each) => `  ${each}`)] : []),
    "",
    ...failed.map((check) => `${check.family}: ${check.subject}: ${check.detail}\n    said by ${check.source}`),
    `${report.site}: ${report.passed} passed, ${report.failed} failed`,
  ].join("\n")}\n`;
}
