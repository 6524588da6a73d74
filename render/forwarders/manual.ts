/** For sites whose Active Directory takes no SSH: what its people enter, in words that their tools take as they are. */
import type { DnsPlan } from "../../plan/model";
import { delegationNames, type ReplicationScope } from "./backend";
import { quoted } from "./powershell";

/** Lines to print; none where there is nothing to enter. */
export function manualInstructions(
  { forwarders, records }: Pick<DnsPlan, "forwarders" | "records">,
  scope: ReplicationScope,
): string[] {
  const stored = scope === "server" ? "" : ` -ReplicationScope ${scope}`;
  const once = scope === "server" ? "on every domain controller" : "on one domain controller";
  return forwarders.length + records.length === 0
    ? []
    : [
        `Enter into Active Directory's DNS (PowerShell, ${once}); npm run verify checks it:`,
        ...forwarders.flatMap((forwarder) => {
          const { zone, address, delegationFrom } = forwarder;
          return [
            ...(delegationFrom === undefined ? [] : [delegationCommand({ zone, address, delegationFrom })]),
            `Add-DnsServerConditionalForwarderZone -Name ${quoted(zone)} -MasterServers ${quoted(address)}${stored}`,
          ];
        }),
        ...records.map(({ name, type, value }) => `${name} ${type} ${value}`),
      ];
}

function delegationCommand(plan: { zone: string; address: string; delegationFrom: string }): string {
  const { server, child } = delegationNames(plan);
  const parent = quoted(plan.delegationFrom);
  return `Add-DnsServerZoneDelegation -Name ${parent} -ChildZoneName ${quoted(child)} -NameServer ${quoted(server)} -IPAddress ${quoted(plan.address)}`;
}
