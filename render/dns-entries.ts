/** What Active Directory's DNS is to hold for a region: records, conditional forwarders, delegations. */
import type { RegionPlan } from "../plan/model";
import { renderCsv } from "./csv";

/** Raised when a field of the files changes its meaning or goes away; an added one does not. */
const formatVersion = 1;

export function renderDnsJson(plan: RegionPlan): string {
  const { hostZone, records, forwarders } = plan.dns;
  return `${JSON.stringify({ version: formatVersion, site: plan.site, hostZone, records, forwarders }, undefined, 2)}\n`;
}

/** One table for all three: a forwarder's value is the server asked, a delegation's the parent that must hold it. */
export function renderDnsCsv(plan: RegionPlan): string {
  return renderCsv(
    ["kind", "name", "type", "value"],
    [
      ...plan.dns.records.map((record) => ["record", record.name, record.type, record.value]),
      ...plan.dns.forwarders.map((forwarder) => ["forwarder", forwarder.zone, "", forwarder.address]),
      ...plan.dns.forwarders.flatMap((forwarder) =>
        forwarder.delegationFrom === undefined ? [] : [["delegation", forwarder.zone, "NS", forwarder.delegationFrom]],
      ),
    ],
  );
}
