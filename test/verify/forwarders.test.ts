/** What domain controllers say of a forwarder: BIND's own reader of its configuration, and the stand-in for Windows. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { consoleProgress } from "../../lab/progress";
import { ensureRoot } from "../../lab/roots";
import { fixtureRoot } from "../../lab/roots/fixture";
import { run } from "../../lab/run";
import { showForwarder } from "../../render/forwarders/show";
import { windows } from "../../render/forwarders/windows";
import { judgeAuthority, judgeConfigured } from "../../verify/forwarders";
import { memoryServer, runOn } from "../support/dns-memory";
import { nameServer } from "../../render/cluster-dns/corefile";

jest.setTimeout(120_000);

const zone = "management.k8s.siziano.simplebooking.local";
const address = "172.21.10.10";
const fault = (answer: string) => judgeConfigured(address, answer);

/** The command's answer on a domain controller whose named.conf is this, in the lab's root with the real BIND. */
async function bindSays(configuration: string): Promise<string> {
  const root = await ensureRoot(fixtureRoot, consoleProgress());
  const folder = await mkdtemp(join(tmpdir(), "named-"));
  await writeFile(join(folder, "named.conf"), configuration);
  const command = showForwarder("bind", zone);
  const script = 'mount --bind "$1" "$0/etc/bind" && exec chroot "$0" sh -c "$2"';
  const done = await run(["unshare", "--mount", "sh", "-c", script, root, folder, command]);
  return done.stdout;
}

const forwardTo = (name: string, ...addresses: string[]) =>
  `zone "${name}" { type forward; forward only; forwarders { ${addresses.map((each) => `${each}; `).join("")}}; };\n`;

test("BIND: the zone's own forwarder, whatever stands around it", async () => {
  const others =
    forwardTo(`x.${zone}`, "192.0.2.1") + forwardTo("workloads.k8s.siziano.simplebooking.local", "172.21.11.10");
  const options = "options { forwarders { 192.0.2.53; }; };\n";
  expect(fault(await bindSays(options + others + forwardTo(zone, address)))).toMatchObject({ verdict: "pass" });
  expect(fault(await bindSays(forwardTo(zone.toUpperCase(), address)))).toMatchObject({ verdict: "pass" });
  expect(fault(await bindSays(options + others)).detail).toContain("the server has no such zone");
  expect(fault(await bindSays(forwardTo(zone, "172.21.11.10"))).detail).toBe(
    `leads to 172.21.11.10, not to ${address}`,
  );
  expect(fault(await bindSays(forwardTo(zone, address, "192.0.2.1"))).verdict).toBe("fail");
  const primary = `zone "${zone}" { type primary; file "x"; };\n`;
  expect(fault(await bindSays(primary)).detail).toContain("is no forwarder: primary;");
});

test("Windows: the same by its cmdlet, which changes nothing", async () => {
  const server = memoryServer(["simplebooking.local"]);
  const show = showForwarder("windows", zone);
  expect(await runOn(server, show)).toEqual({ code: 0, output: "", errors: "" });
  await runOn(server, windows.forwarder({ zone, address }, "Forest").create);
  const changes = [...server.changes];
  const { output } = await runOn(server, show);
  expect(fault(output)).toEqual({ verdict: "pass", detail: `Forwarder ${address}` });
  expect(judgeConfigured("172.21.11.10", output).detail).toBe(`leads to ${address}, not to 172.21.11.10`);
  expect(server.changes).toEqual(changes);
});

test("an answer counts where it comes from the cluster's own DNS, which answers, too", () => {
  const own = { nsname: nameServer(zone), serial: 7 };
  expect(judgeAuthority(own, own)).toEqual({ verdict: "pass", detail: `${own.nsname}, serial 7` });
  expect(judgeAuthority({ nsname: "ad1.simplebooking.local", serial: 7 }, own).verdict).toBe("fail");
  expect(judgeAuthority(own, undefined).verdict).toBe("fail");
});
