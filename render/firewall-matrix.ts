/** The firewall matrix as its operators take it: JSON for machines, CSV for spreadsheets. */
import type { RegionPlan } from "../plan/model";
import { renderCsv } from "./csv";

/** Raised when a field of the files changes its meaning or goes away; an added one does not. */
const formatVersion = 1;

export function renderFirewallJson(plan: RegionPlan): string {
  return `${JSON.stringify({ version: formatVersion, site: plan.site, rules: plan.firewall }, undefined, 2)}\n`;
}

export function renderFirewallCsv(plan: RegionPlan): string {
  return renderCsv(
    ["id", "sourceName", "source", "destinationName", "destination", "protocol", "ports", "why"],
    plan.firewall.map((rule) => [
      rule.id,
      rule.sourceName,
      rule.source.join(" "),
      rule.destinationName,
      rule.destination.join(" "),
      rule.protocol,
      rule.ports.join(" "),
      rule.why,
    ]),
  );
}
