/** `npm run plan`: what other teams need of a region, as files; and the plan itself for scripts. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseSiteFiles, readSiteFiles, stackNames } from "../config/site-files";
import { checkedSites, SiteFaults } from "../plan/check";
import type { RegionPlan } from "../plan/model";
import { planRegion } from "../plan/plan";
import { renderDnsCsv, renderDnsJson } from "../render/dns-entries";
import { renderFirewallCsv, renderFirewallJson } from "../render/firewall-matrix";
import { renderSiteBook } from "../render/site-book";
import { CommandError, exitCodes, projectRoot, runCommand, UsageError } from "./command";

const help = `npm run plan -- STACK [--out DIR] [--json] [--root DIR]

Plans a site and writes what other teams need of it. Needs neither network nor passphrase; holds no secret.

  firewall-matrix.json, .csv   what the perimeter firewall must let through
  dns-entries.json, .csv       what Active Directory's DNS is to hold
  site-book.md                 the whole plan for people

  --out DIR   where to; default: .plan/STACK
  --json      the plan on standard output; files only where --out says so, too
  --root DIR  the project's folder; default: this repository

Exit code 0: written, 1: a site file has errors, 2: called wrongly.`;

/** Files by name; the same plan gives the same bytes. */
export const renderPlanFiles = (plan: RegionPlan): Readonly<Record<string, string>> => ({
  "firewall-matrix.json": renderFirewallJson(plan),
  "firewall-matrix.csv": renderFirewallCsv(plan),
  "dns-entries.json": renderDnsJson(plan),
  "dns-entries.csv": renderDnsCsv(plan),
  "site-book.md": renderSiteBook(plan),
});

/** The plan of a stack's site. Throws `CommandError` with all faults. */
export function planStack(root: string, stack: string): RegionPlan {
  const files = readSiteFiles(root);
  const site = files.find((file) => file.stack === stack)?.site;
  if (site === undefined) throw new UsageError(`${stack}: no such stack; there are ${stackNames(root).join(", ")}`);
  try {
    return planRegion(checkedSites(parseSiteFiles(files)), site);
  } catch (error) {
    if (error instanceof SiteFaults) throw new CommandError(error.message);
    throw error;
  }
}

if (require.main === module) {
  void runCommand({
    help,
    options: { out: { type: "string" }, json: { type: "boolean" }, root: { type: "string" } },
    run({ out, json, root = projectRoot }, stacks) {
      const [stack] = stacks;
      if (stack === undefined || stacks.length > 1) throw new UsageError("name one stack");
      const plan = planStack(root, stack);
      if (json) console.log(JSON.stringify(plan, undefined, 2));
      const folder = out ?? (json ? undefined : join(root, ".plan", stack));
      if (folder !== undefined) writeFiles(folder, renderPlanFiles(plan), json === true);
      return exitCodes.done;
    },
  });
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>, quiet: boolean): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), content);
    if (!quiet) console.log(`wrote ${join(folder, name)}`);
  }
}
