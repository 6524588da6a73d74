/**
 * The check: every rule over all sites at once, before the first resource. Pure, so that the command, `up` and the
 * tests see the same faults.
 */
import { faultText, type Fault } from "../config/fault";
import type { SiteFiles } from "../config/site-files";
import { collectFacts } from "./facts";
import type { Sites } from "./model";
import { addressRules } from "./rules/addresses";
import { backupRules } from "./rules/backups";
import { bgpRules } from "./rules/bgp";
import { capacityRules } from "./rules/capacity";
import { identityRules } from "./rules/identity";
import { meshRules } from "./rules/mesh";
import { nameRules } from "./rules/names";
import { networkRules } from "./rules/networks";
import { productionRules } from "./rules/production";
import type { Rule, World } from "./rules/rule";
import { surroundingsRules } from "./rules/surroundings";
import { trustRules } from "./rules/trust";
import { uniqueNameRules } from "./rules/unique-names";
import { versionRules } from "./rules/versions";

/** Every rule, in the order in which the reference lists them. */
export const rules: readonly Rule[] = [
  ...addressRules,
  ...networkRules,
  ...capacityRules,
  ...identityRules,
  ...nameRules,
  ...uniqueNameRules,
  ...bgpRules,
  ...meshRules,
  ...versionRules,
  ...trustRules,
  ...surroundingsRules,
  ...backupRules,
  ...productionRules,
];

export interface CheckOptions {
  /** The site that `up` is about to build: what is only a notice before then becomes an error. */
  readonly up?: string;
}

/** All faults of all sites, those of shape included: errors first, then by site and path. */
export function checkSites(files: Pick<SiteFiles, "drafts" | "faults">, options: CheckOptions = {}): Fault[] {
  const world: World = {
    drafts: files.drafts,
    facts: collectFacts(files.drafts),
    malformed: files.faults,
    ...options,
  };
  const found = rules.flatMap((rule) =>
    rule.find(world).map((finding): Fault => ({ severity: "error", ...finding, rule: rule.id })),
  );
  return [...files.faults, ...found].sort(byImportance);
}

/** Faults that `up` refuses, as one error that a person can read. */
export class SiteFaults extends Error {
  constructor(readonly faults: readonly Fault[]) {
    super(
      `${faults.length} fault${faults.length === 1 ? "" : "s"} in the site files; nothing was touched.\n${faults
        .map(faultText)
        .join("\n")}`,
    );
    this.name = "SiteFaults";
  }
}

/** The sites, to be trusted from here on. Throws `SiteFaults` with every error at once. */
export function checkedSites(files: Pick<SiteFiles, "drafts" | "faults">, options: CheckOptions = {}): Sites {
  const errors = checkSites(files, options).filter((fault) => fault.severity === "error");
  if (errors.length > 0) throw new SiteFaults(errors);
  // A key that is missing in a draft is a fault of shape, and there was none.
  return files.drafts as Sites;
}

const byImportance = (a: Fault, b: Fault): number =>
  compare(a.severity, b.severity) || compare(a.site, b.site) || compare(a.path, b.path) || compare(a.rule, b.rule);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
