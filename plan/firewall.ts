/** The firewall matrix: the flows that cross gw, as its operators need them. */
import type { FirewallRule, Flow } from "./model";
import { portText } from "./ports";

/**
 * One row for each opening; flows that would open the same thing share a row, whose id and reason join theirs.
 * Nodes appear only as `.100–.249`, because no finer party of theirs exists.
 */
export function planFirewall(flows: readonly Flow[]): FirewallRule[] {
  const rows = new Map<string, FirewallRule>();
  for (const flow of flows.filter((each) => each.from.inVlan !== each.to.inVlan)) {
    const row = ruleOf(flow);
    const opening = JSON.stringify([row.source, row.destination, row.protocol, row.ports]);
    const same = rows.get(opening);
    rows.set(opening, same === undefined ? row : merge(same, row));
  }
  return [...rows.values()];
}

function ruleOf(flow: Flow): FirewallRule {
  return {
    id: flow.id,
    source: flow.from.addresses,
    sourceName: flow.from.name,
    destination: flow.to.addresses,
    destinationName: flow.to.name,
    protocol: flow.protocol,
    ports: flow.ports.map(portText),
    why: flow.why,
  };
}

function merge(a: FirewallRule, b: FirewallRule): FirewallRule {
  return {
    ...a,
    id: `${a.id}+${b.id}`,
    sourceName: join(a.sourceName, b.sourceName, ", "),
    destinationName: join(a.destinationName, b.destinationName, ", "),
    why: join(a.why, b.why, "; "),
  };
}

const join = (a: string, b: string, separator: string): string => (a === b ? a : `${a}${separator}${b}`);
