/** One row of `npm run verify`: what was looked at, who said so, and whether it is as planned. */

/** What a row is about; the order in which the report shows them. */
export const families = [
  "machine",
  "cluster-api",
  "node",
  "cilium",
  "session",
  "route",
  "name",
  "forwarder",
  "login",
  "certificate",
  "backup",
] as const;
export type Family = (typeof families)[number];

export interface Check {
  readonly family: Family;
  /** What is looked at, e.g. `bgp1 – 172.20.10.100`. */
  readonly subject: string;
  /** Whose words the verdict rests on, e.g. `bgp1: vtysh -c "show bgp ipv4 unicast summary json"`. */
  readonly source: string;
  readonly verdict: "pass" | "fail";
  /** What the source said, in short; for a failure also what was expected. */
  readonly detail: string;
}

/** A verdict before it is known whose it is. */
export type Finding = Pick<Check, "verdict" | "detail">;

export const pass = (detail: string): Finding => ({ verdict: "pass", detail });
export const fail = (detail: string): Finding => ({ verdict: "fail", detail });

/** Everything wrong with one thing as one finding; nothing wrong passes with what is there. */
export const findingOf = (there: string, faults: readonly (string | false | undefined)[]): Finding => {
  const found = faults.filter((fault) => typeof fault === "string");
  return found.length === 0 ? pass(there) : fail(found.join("; "));
};

/** Rows of one family with one source. */
export const rows =
  (family: Family, source: string) =>
  (subject: string, finding: Finding): Check => ({ family, subject, source, ...finding });

/** Rows of one family and source, from findings by subject. */
export const toRows = (family: Family, source: string, findings: readonly (readonly [string, Finding])[]): Check[] =>
  findings.map(([subject, finding]) => rows(family, source)(subject, finding));

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Asks and judges. A source that does not answer, or that gives no row at all, is a failed row: silence proves nothing.
 */
export async function ask(
  family: Family,
  subject: string,
  source: string,
  question: () => Promise<readonly Check[]>,
): Promise<readonly Check[]> {
  const row = rows(family, source);
  try {
    const found = await question();
    return found.length > 0 ? found : [row(subject, fail("the answer is empty: there is nothing to look at"))];
  } catch (error) {
    return [row(subject, fail(reasonOf(error)))];
  }
}

/** The same for one row. */
export const askOne = (
  family: Family,
  subject: string,
  source: string,
  question: () => Promise<Finding>,
): Promise<readonly Check[]> =>
  ask(family, subject, source, async () => [rows(family, source)(subject, await question())]);
