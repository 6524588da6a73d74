/** A fault of a site file: what is wrong, where, by which rule, and what to do about it. */

export interface Fault {
  readonly site: string;
  /** Where in the site file, e.g. `clusters.management.pods`; empty: the file itself. */
  readonly path: string;
  /** The offending value as the file holds it; absent where there is none. */
  readonly value?: unknown;
  /** Id of the rule that is broken; stable, for scripts. */
  readonly rule: string;
  readonly problem: string;
  readonly remedy: string;
  /** error: `up` refuses; notice: worth knowing, and `up` goes on. */
  readonly severity: "error" | "notice";
}

/** One fault on two lines, for people. */
export function faultText(fault: Fault): string {
  const where = [fault.site, fault.path].filter((part) => part !== "").join(": ");
  const value = fault.value === undefined ? "" : ` = ${shorten(fault.value)}`;
  return `${fault.severity} ${where}${value}: ${fault.problem} [${fault.rule}]\n    remedy: ${fault.remedy}`;
}

const longestValue = 80;

function shorten(value: unknown): string {
  const text = typeof value === "string" ? (value.split("\n")[0] ?? "") : JSON.stringify(value);
  return text.length > longestValue ? `${text.slice(0, longestValue)}…` : text;
}

/** Path of a value as site files are read: `hosts.bgp[1].address`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .replace(/^\./, "");
}
