import { nameServer } from "../../../render/cluster-dns/corefile";
import { powershellCommand } from "../../../render/forwarders/powershell";
import { deployed } from "../../support/cluster-nodes";
import { lab, pulumiFails } from "../../support/lab";
import { deployment } from "../../support/lab-state";

/** dig, from the office. */
const dig = async (...question: string[]): Promise<string> =>
  (await lab().exec("office", ["dig", "+time=3", "+tries=2", ...question], { accept: [0, 9] })).stdout;

/** What a cluster's own DNS says, and that every Active Directory server passes it on. */
export function clusterNames(): void {
  describe("each cluster's zone", () => {
    test("is answered by its own name server, through every Active Directory server", async () => {
      for (const { zone, dnsAddress } of deployed()) {
        for (const server of lab().plan.dns.nameservers) {
          const soa = await dig("+short", `@${server}`, zone, "SOA");
          expect({ server, primary: soa.split(" ")[0] }).toEqual({ server, primary: `${nameServer(zone)}.` });
          const address = await dig("+short", `@${server}`, `dns.cluster-dns.${zone}`, "A");
          expect({ server, address: address.trim() }).toEqual({ server, address: dnsAddress });
        }
      }
    });

    test("is forwarded, and delegated from the zone of Active Directory above it", async () => {
      for (const { name } of lab().context.surroundings.domainControllers) {
        const { stdout } = await lab().exec(name, ["named-checkconf", "-p"]);
        for (const { zone, delegationFrom } of lab().plan.dns.forwarders) {
          expect({ name, zone, forwarded: stdout.includes(`zone "${zone}"`) }).toEqual({ name, zone, forwarded: true });
          if (delegationFrom === undefined) continue;
          const referral = await lab().exec(name, ["dig", "@127.0.0.1", "+norecurse", zone, "NS"]);
          expect(referral.stdout).toContain(nameServer(zone));
        }
      }
    });

    test("is denied with an end, refuses what is not its own, and is handed to nobody as a whole", async () => {
      for (const { zone, dnsAddress } of deployed()) {
        const missing = await dig(`@${dnsAddress}`, `nobody.argocd.${zone}`);
        expect(missing).toContain("status: NXDOMAIN");
        expect(missing).toMatch(new RegExp(`^${zone}\\.\\s+30\\s+IN\\s+SOA\\s`, "m"));
        expect(await dig(`@${dnsAddress}`, "www.simplebooking.local")).toContain("status: REFUSED");
        expect(await dig("+tcp", `@${dnsAddress}`, zone, "AXFR")).toContain("Transfer failed");
      }
    });
  });
}

/** Runs PowerShell on a domain controller as its administrators would, past the stack. */
async function byHand(controller: string, script: readonly string[]): Promise<void> {
  const user = lab().site.activeDirectory.dns.ssh!.user;
  const environment = [`HOME=/var/lib/${user}`, `SSH_ORIGINAL_COMMAND=${powershellCommand(script)}`];
  const standIn = ["/usr/bin/node", "/opt/windows-stand-in/program/stand-in.js", "command"];
  await lab().exec(controller, ["runuser", "-u", user, "--", "env", ...environment, ...standIn]);
}

/** What `up` does where somebody else's forwarder is in the way. */
export function foreignForwarder(): void {
  test("a zone that Active Directory forwards elsewhere ends up with the cause; removed by hand, the next up mends it", async () => {
    const { zone, address } = lab().plan.dns.forwarders[0];
    const [first] = lab().site.activeDirectory.servers;
    const controller = lab().context.surroundings.domainControllers[0].name;
    const own = (await deployment()).resources?.find(
      ({ urn, inputs }) => urn.endsWith(`-${first.name}-forwarder`) && inputs?.triggers?.includes(zone) === true,
    );
    if (own === undefined) throw new Error(`the stack holds no forwarder of ${zone}`);
    const other = "192.0.2.53";
    const remove = `Remove-DnsServerZone -Name '${zone}' -Force`;
    await byHand(controller, [
      remove,
      `Add-DnsServerConditionalForwarderZone -Name '${zone}' -MasterServers '${other}' -ReplicationScope 'Forest'`,
    ]);
    const said = await pulumiFails(["up", "--yes", "--skip-preview", "--replace", own.urn, "--target", own.urn]);
    expect(said).toContain(`left alone: ${zone} leads to '${other}' by now`);
    expect(said).toContain(`masters '${other}' instead of '${address}'`);
    expect(said).toContain("remove it");
    await byHand(controller, [remove]);
    await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never"]);
    const found = await dig("+short", `@${first.address}`, `dns.cluster-dns.${zone}`, "A");
    expect(found.trim()).toBe(address);
  }, 600_000);
}
