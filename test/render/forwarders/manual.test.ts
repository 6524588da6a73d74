import { readScript } from "../../../lab/fixtures/windows/reader";
import { manualInstructions } from "../../../render/forwarders/manual";
import { exampleCluster } from "../../support/example-cluster";
import { memoryServer, runOn } from "../../support/dns-memory";
import { powershellCommand } from "../../../render/forwarders/powershell";
import { windows } from "../../../render/forwarders/windows";

const { plan } = exampleCluster();
const forwarders = plan.dns.forwarders.slice(0, 1);
const [forwarder] = forwarders;

test("says in whole commands what to enter, and where", () => {
  expect(manualInstructions({ forwarders, records: plan.dns.records.slice(0, 1) }, "Forest")).toEqual([
    "Enter into Active Directory's DNS (PowerShell, on one domain controller); npm run verify checks it:",
    "Add-DnsServerZoneDelegation -Name 'simplebooking.local' -ChildZoneName 'management.k8s.siziano' -NameServer 'ns1.nameserver.management.k8s.siziano.simplebooking.local' -IPAddress '172.21.10.10'",
    "Add-DnsServerConditionalForwarderZone -Name 'management.k8s.siziano.simplebooking.local' -MasterServers '172.21.10.10' -ReplicationScope Forest",
    "jump.cmp.siziano.simplebooking.local A 172.20.10.10",
  ]);
});

test("on every server where none is stored in the directory; nothing where there is nothing to enter", () => {
  const [heading, command] = manualInstructions(
    { forwarders: [{ zone: forwarder.zone, address: forwarder.address }], records: [] },
    "server",
  );
  expect(heading).toContain("on every domain controller");
  expect(command).not.toContain("ReplicationScope");
  expect(manualInstructions({ forwarders: [], records: [] }, "Forest")).toEqual([]);
});

test("entered as it stands, it is what the stack itself would have entered", async () => {
  const [byHand, byStack] = [memoryServer(["simplebooking.local"]), memoryServer(["simplebooking.local"])];
  const [, ...commands] = manualInstructions({ forwarders, records: [] }, "Forest");
  for (const command of commands) await readScript(command);
  expect((await runOn(byHand, powershellCommand(commands))).code).toBe(0);
  const { zone, address, delegationFrom } = forwarder;
  await runOn(byStack, windows.delegation({ zone, address, delegationFrom: delegationFrom! }).create);
  await runOn(byStack, windows.forwarder(forwarder, "Forest").create);
  expect(byHand.state).toEqual(byStack.state);
});
