/** What is sent to Windows: read by PowerShell's grammar, and carried out on a DNS server in memory. */
import { readScript, scriptOf } from "../../../lab/fixtures/windows/reader";
import { reverseName } from "../../../plan/cidr";
import { windows } from "../../../render/forwarders/windows";
import { memoryServer, runOn, type MemoryServer } from "../../support/dns-memory";

const zone = "management.k8s.siziano.simplebooking.local";
const parent = "simplebooking.local";
const forwarder = { zone, address: "172.21.10.10", delegationFrom: parent };
const server1 = "ns1.nameserver.management.k8s.siziano";
const nameServer = `${server1}.${parent}`;
const record = { name: "jump.cmp.siziano.simplebooking.local", type: "A", value: "172.20.10.10" } as const;
const pointer = { name: reverseName(record.value), type: "PTR", value: record.name } as const;

const settings = [
  windows.forwarder(forwarder, "Forest"),
  windows.forwarder(forwarder, "server"),
  windows.delegation(forwarder),
  windows.record(record),
  windows.record(pointer),
];
const lines = [
  windows.probe(forwarder),
  windows.answers(forwarder),
  ...settings.flatMap((setting) => [setting.create, setting.delete]),
];

let server: MemoryServer;
beforeEach(() => {
  server = memoryServer([parent, "10.20.172.in-addr.arpa"]);
});

describe("every command", () => {
  test.each(lines.map((line, index) => [index, line]))("%i is PowerShell, whole and in UTF-16", async (_, line) => {
    const script = scriptOf(line);
    expect(Buffer.from(script, "utf16le").toString("base64")).toBe(line.split(" ").at(-1));
    expect(script.startsWith("$ErrorActionPreference = 'Stop'\n")).toBe(true);
    await readScript(script);
  });

  test("fits into what cmd.exe reads, and one that would not is refused before it is sent", () => {
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(8191);
    const long = Array.from({ length: 12 }, () => "l".repeat(60)).join(".");
    expect(() => windows.delegation({ ...forwarder, zone: `${long}.${parent}` })).toThrow(/cmd\.exe takes 8191/);
  });

  test("a text of the site file stays a text, whatever it holds", async () => {
    const hostile = { ...forwarder, zone: "a'; Remove-DnsServerZone -Name 'b" };
    const script = scriptOf(windows.forwarder(hostile, "Forest").delete);
    expect(script).toContain("$zone = 'a''; Remove-DnsServerZone -Name ''b'");
    await readScript(script);
  });

  test("the grammar refuses what is no PowerShell", async () => {
    await expect(readScript("if ($a -eq { 'b'")).rejects.toThrow(/not PowerShell at line 1/);
  });
});

describe("a forwarder", () => {
  const { create, delete: remove } = windows.forwarder(forwarder, "Forest");
  const made = { name: zone, kind: "Forwarder", masters: [forwarder.address], scope: "Forest" } as const;

  test("is added once, and removed", async () => {
    expect(await runOn(server, create)).toEqual({
      code: 0,
      output: `${zone} is forwarded to 172.21.10.10`,
      errors: "",
    });
    expect(server.state.zones).toContainEqual(made);
    expect((await runOn(server, create)).code).toBe(0);
    expect(server.changes).toEqual([`put ${zone} 172.21.10.10 Forest`]);
    expect((await runOn(server, remove)).code).toBe(0);
    expect(server.state.zones.map(({ name }) => name)).not.toContain(zone);
    expect((await runOn(server, remove)).code).toBe(0);
  });

  test("moves to another scope without being removed", async () => {
    await runOn(server, create);
    expect((await runOn(server, windows.forwarder(forwarder, "Domain").create)).code).toBe(0);
    expect(server.changes).toEqual([`put ${zone} 172.21.10.10 Forest`, `put ${zone} 172.21.10.10 Domain`]);
  });

  test("moves out of the directory and back, which Windows cannot do in place", async () => {
    await runOn(server, create);
    expect((await runOn(server, windows.forwarder(forwarder, "server").create)).code).toBe(0);
    expect((await runOn(server, create)).code).toBe(0);
    expect(server.changes.slice(1)).toEqual([
      `remove ${zone}`,
      `put ${zone} 172.21.10.10 None`,
      `remove ${zone}`,
      `put ${zone} 172.21.10.10 Forest`,
    ]);
  });

  test("of somebody else is neither changed nor removed; the error says where it leads and what to do", async () => {
    server.state.zones.push({ ...made, masters: ["192.0.2.53"] });
    const { code, errors } = await runOn(server, create);
    expect(code).toBe(1);
    expect(errors).toMatch(/masters '192\.0\.2\.53' instead of '172\.21\.10\.10'.*Remove-DnsServerZone.*run up again/);
    expect(await runOn(server, remove)).toMatchObject({ code: 0, output: expect.stringContaining("left alone") });
    expect(server.changes).toEqual([]);
  });

  test("does not replace a zone that the server itself holds", async () => {
    server.state.zones.push({ name: zone, kind: "Primary", masters: [], scope: "Domain" });
    expect(await runOn(server, create)).toMatchObject({ code: 1, errors: expect.stringContaining("Primary zone") });
    expect((await runOn(server, remove)).output).toContain("left alone");
    expect(server.changes).toEqual([]);
  });

  test("that does not come to be is an error", async () => {
    const deaf = { ...server, putForwarder: () => undefined };
    expect(await runOn(deaf, create)).toMatchObject({ code: 1, errors: expect.stringContaining("was entered, but") });
  });

  test("per server is not removed by the one of the directory, nor the other way round", async () => {
    await runOn(server, create);
    expect((await runOn(server, windows.forwarder(forwarder, "server").delete)).output).toContain("left alone");
    expect(server.state.zones).toContainEqual(made);
  });
});

describe("a delegation", () => {
  const { create, delete: remove } = windows.delegation(forwarder);
  const entered = [
    { zone: parent, host: "management.k8s.siziano", type: "NS", data: nameServer },
    { zone: parent, host: server1, type: "A", data: forwarder.address },
  ];

  test("is entered once with its name server's address, and removed with it", async () => {
    expect((await runOn(server, create)).code).toBe(0);
    expect((await runOn(server, create)).code).toBe(0);
    expect(server.state.records).toEqual(entered);
    expect((await runOn(server, remove)).code).toBe(0);
    expect(server.state.records).toEqual([]);
  });

  test("whose address is missing is mended", async () => {
    await runOn(server, create);
    server.state.records = server.state.records.filter(({ type }) => type === "NS");
    expect((await runOn(server, create)).code).toBe(0);
    expect(server.state.records).toEqual(entered);
  });

  test("of somebody else stays", async () => {
    server.state.records.push({ zone: parent, host: "management.k8s.siziano", type: "NS", data: "ns.example.org" });
    expect(await runOn(server, create)).toMatchObject({ code: 1, errors: expect.stringContaining("'ns.example.org'") });
    expect((await runOn(server, remove)).output).toContain("left alone");
    expect(server.changes).toEqual([]);
  });

  test("from a zone that the server does not hold is told so", async () => {
    const plan = { ...forwarder, delegationFrom: "siziano.simplebooking.local" };
    const { code, errors } = await runOn(server, windows.delegation(plan).create);
    expect([code, errors]).toEqual([1, expect.stringContaining("correct activeDirectory.dns.authoritativeZones")]);
  });
});

describe.each([record, pointer])("a record $type", (entry) => {
  const { create, delete: remove } = windows.record(entry);

  test("is entered once into the closest zone, and removed", async () => {
    expect((await runOn(server, create)).code).toBe(0);
    expect((await runOn(server, create)).code).toBe(0);
    const at = entry.type === "A" ? [parent, "jump.cmp.siziano"] : ["10.20.172.in-addr.arpa", "10"];
    expect(server.state.records).toEqual([{ zone: at[0], host: at[1], type: entry.type, data: entry.value }]);
    expect((await runOn(server, remove)).code).toBe(0);
    expect(server.state.records).toEqual([]);
  });

  test("with another value stays", async () => {
    const other = entry.type === "A" ? "192.0.2.1" : "other.example.org";
    await runOn(server, windows.record({ ...entry, value: other }).create);
    expect(await runOn(server, create)).toMatchObject({
      code: 1,
      errors: expect.stringContaining(`'${other}' already`),
    });
    expect((await runOn(server, remove)).output).toContain("left alone");
    expect(server.state.records).toHaveLength(1);
  });

  test("that no zone holds is told so", async () => {
    const { code, errors } = await runOn(memoryServer(["example.org"]), create);
    expect([code, errors]).toEqual([1, expect.stringContaining(`no primary zone of this server holds ${entry.name}`)]);
  });
});

describe("waiting for an answer", () => {
  test("ends when the zone's own name server answers", async () => {
    server.answering.set(`${zone}@172.21.10.10`, nameServer);
    expect(await runOn(server, windows.probe(forwarder))).toMatchObject({ code: 0 });
    server.answering.set(`${zone}@127.0.0.1`, nameServer);
    expect(await runOn(server, windows.answers(forwarder))).toMatchObject({ code: 0 });
  });

  test.each([
    ["nobody answers", undefined, "DNS name does not exist"],
    ["somebody else answers", "ns.example.org", "its name server is 'ns.example.org'"],
  ])("ends with the last reason when %s", async (_, answer, reason) => {
    if (answer !== undefined) server.answering.set(`${zone}@172.21.10.10`, answer);
    const now = jest.spyOn(Date, "now");
    let time = 0;
    now.mockImplementation(() => (time += 100_000));
    const { code, errors } = await runOn(server, windows.probe(forwarder));
    now.mockRestore();
    expect([code, errors]).toEqual([1, expect.stringContaining(reason)]);
    expect(errors).toContain("172.21.10.10");
  });
});
