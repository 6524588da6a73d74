/**
 * Forwarders and delegations on the lab's domain controllers, by both ways to administer them: over SSH as `up` does, with
 * what `up` sends, before there is a cluster.
 */
import type { Backend } from "../../render/forwarders/backend";
import { bind } from "../../render/forwarders/bind";
import { windows } from "../../render/forwarders/windows";
import { type DirectoryLab, startDirectoryLab } from "../support/directory-lab";

// Longer than both servers' waits together: a wait that ends says why.
jest.setTimeout(600_000);

const service = (lab: DirectoryLab) => `ui.argocd.${lab.forwarder.zone}`;

describe.each<["windows" | "bind", Backend]>([
  ["windows", windows],
  ["bind", bind],
])("administration: %s", (administration, backend) => {
  let lab: DirectoryLab;
  beforeAll(async () => {
    lab = await startDirectoryLab(administration);
  }, 600_000);
  afterAll(() => lab?.stop());

  /** Fails with what the server said. */
  async function succeed(controller: string, command: string): Promise<string> {
    const { code, stdout, stderr } = await lab.ssh(controller, command);
    if (code !== 0) throw new Error(`${controller}: exit code ${code}\n${stdout}${stderr}`);
    return stdout;
  }
  const first = () => lab.controllers[0];
  /** The servers that keep the forwarder: one for all, or each its own. */
  const keepers = () => (backend.forwardersPerServer("Forest") ? lab.controllers : [first()]);
  async function answersOf(name: string): Promise<string[][]> {
    return Promise.all(lab.controllers.map((controller) => lab.resolve(controller, name)));
  }

  test("the account may run nothing but DNS administration", async () => {
    const { code } = await lab.ssh(first(), "samba-tool user list");
    expect(code).not.toBe(0);
  });

  test("a name server that is somebody else's is not forwarded to", async () => {
    await lab.nameServer(true, "ns.example.org");
    const probe = backend.probe({ ...lab.forwarder });
    // The real command waits for minutes; the answer is the same in the first second.
    const { code, stderr } = await lab.ssh(first(), shortened(probe));
    await lab.nameServer(false);
    expect([code, stderr]).toEqual([1, expect.stringContaining("ns.example.org")]);
  });

  test("the cluster's own is", async () => {
    await lab.nameServer(true);
    for (const controller of lab.controllers) await succeed(controller, backend.probe(lab.forwarder));
  });

  test("a forwarder alone is never consulted: the servers answer for the parent themselves", async () => {
    const { create } = backend.forwarder(lab.forwarder, "Forest");
    for (const controller of keepers()) await succeed(controller, create);
    expect(await answersOf(service(lab))).toEqual(lab.controllers.map(() => []));
  });

  test("with the delegation in the parent both servers answer", async () => {
    await succeed(first(), backend.delegation(lab.forwarder).create);
    for (const controller of lab.controllers) await succeed(controller, backend.answers(lab.forwarder));
    expect(await answersOf(service(lab))).toEqual(lab.controllers.map(() => ["172.21.10.100"]));
  });

  test("all of it once more changes nothing", async () => {
    await succeed(first(), backend.delegation(lab.forwarder).create);
    for (const controller of keepers()) await succeed(controller, backend.forwarder(lab.forwarder, "Forest").create);
    expect(await answersOf(service(lab))).toEqual(lab.controllers.map(() => ["172.21.10.100"]));
  });

  test("the forwarder is what is used: the servers ask recursively, whom they are told to", async () => {
    const { stdout } = await lab.exec(first(), ["sh", "-c", "named-checkconf -p"]);
    expect(stdout).toContain(`zone "${lab.forwarder.zone}"`);
  });

  test("somebody else's forwarder is left alone, and the error says where it leads", async () => {
    const other = { ...lab.forwarder, address: "172.21.10.53" };
    const { code, stderr } = await lab.ssh(first(), backend.forwarder(other, "Forest").create);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/172\.21\.10\.10[\s\S]*never overwrites/)]);
    expect(await succeed(first(), backend.forwarder(other, "Forest").delete)).toContain("left alone");
    expect(await answersOf(service(lab))).toEqual(lab.controllers.map(() => ["172.21.10.100"]));
  });

  test("records are entered, not overwritten, and removed", async () => {
    const record = { name: "jump.cmp.siziano.simplebooking.local", type: "A", value: "172.20.10.10" } as const;
    const { create, delete: remove } = backend.record(record);
    await succeed(first(), create);
    await succeed(first(), create);
    expect(await lab.resolve(first(), record.name)).toEqual([record.value]);
    const { code, stderr } = await lab.ssh(first(), backend.record({ ...record, value: "172.20.10.99" }).create);
    expect([code, stderr]).toEqual([1, expect.stringContaining("172.20.10.10")]);
    await succeed(first(), remove);
    expect(await lab.resolve(first(), record.name)).toEqual([]);
  });

  test("a PTR record without its zone is told so", async () => {
    const record = {
      name: "10.99.20.172.in-addr.arpa",
      type: "PTR",
      value: "jump.cmp.siziano.simplebooking.local",
    } as const;
    const { code, stderr } = await lab.ssh(first(), backend.record(record).create);
    expect([code, stderr]).toEqual([1, expect.stringContaining("zone of this server holds 10.99.20.172.in-addr.arpa")]);
  });

  test("taken back, nothing is left", async () => {
    for (const controller of keepers()) await succeed(controller, backend.forwarder(lab.forwarder, "Forest").delete);
    await succeed(first(), backend.delegation(lab.forwarder).delete);
    for (const controller of lab.controllers) {
      const { stdout } = await lab.exec(controller, ["named-checkconf", "-p"]);
      expect(stdout).not.toContain(lab.forwarder.zone);
    }
    const authority = await lab.exec(first(), ["dig", "@127.0.0.1", "+norecurse", lab.forwarder.zone, "NS"]);
    expect(authority.stdout).toContain("status: NXDOMAIN");
  });
});

/** The same command with seconds instead of minutes to wait. */
function shortened(command: string): string {
  const encoded = /^(powershell.* )(\S+)$/.exec(command);
  const shorten = (text: string) =>
    text.replace("AddSeconds(180)", "AddSeconds(1)").replace("date +%s) + 180", "date +%s) + 1");
  if (encoded === null) return shorten(command);
  const script = Buffer.from(encoded[2], "base64").toString("utf16le");
  return `${encoded[1]}${Buffer.from(shorten(script), "utf16le").toString("base64")}`;
}
