import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { labIdentity } from "../../lab/paths";
import { renderStatus } from "../../lab/status/table";
import { usageOf } from "../../lab/status/usage";

/** Folders with these files, as a guest's cgroups have them. */
function cgroups(files: Readonly<Record<string, string>>): string[] {
  const root = mkdtempSync(join(tmpdir(), "cgroups-"));
  const folders = new Set<string>();
  for (const [name, content] of Object.entries(files)) {
    const file = join(root, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    folders.add(dirname(file));
  }
  return [...folders];
}

test("a guest's costs are read from cgroups of version 1, whatever other hierarchies there are", async () => {
  const folders = cgroups({
    "pids/pids.current": "7\n",
    "memory/memory.stat": "cache 1\nrss 1048576\ntotal_cache 99999999\ntotal_rss 104857600\n",
    "cpuacct/cpuacct.usage": "12345678901\n",
  });
  expect(await usageOf(folders)).toEqual({ memoryMiB: 100, cpuSeconds: 12 });
});

test("and of version 2; a machine without such accounts has no costs rather than none", async () => {
  const folders = cgroups({
    "one/memory.stat": "anon 209715200\nfile 1\n",
    "one/cpu.stat": "usage_usec 3000000\nuser_usec 1\n",
  });
  expect(await usageOf(folders)).toEqual({ memoryMiB: 200, cpuSeconds: 3 });
  expect(await usageOf(cgroups({ "pids/pids.current": "7\n" }))).toBeUndefined();
});

test("the table shows machines with their costs, clusters with their machines, and sessions of both ends", () => {
  const lab = labIdentity("siziano", "status-test");
  const log = "/log";
  const text = renderStatus(lab, {
    machines: [
      { name: "vcenter", kind: "service", running: true, addresses: ["192.168.10.20/24"], log },
      {
        name: "siziano-capi",
        kind: "vm",
        running: true,
        addresses: ["172.20.10.30/24"],
        usage: { memoryMiB: 612, cpuSeconds: 95 },
        log,
      },
      { name: "siziano-auth", kind: "vm", running: false, addresses: [], log },
    ],
    clusters: [
      {
        name: "management",
        phase: "Provisioned",
        available: true,
        machines: [{ name: "management-general-x", phase: "Running", addresses: ["172.20.10.101"] }],
      },
    ],
    sessions: [
      { machine: "gw", peer: "172.20.10.21", state: "Established", receivedPrefixes: 2 },
      { machine: "bgp1", peer: "172.20.10.101", state: "Established", receivedPrefixes: 2 },
    ],
  });
  expect(text.replace(lab.id, "kXXXX").replace(lab.id, "kXXXX")).toBe(
    [
      "lab status-test (kXXXX), namespaces kXXXX-*",
      "  vcenter       service  running                       192.168.10.20/24",
      "  siziano-capi  vm       running   612 MiB   95 s CPU  172.20.10.30/24",
      "  siziano-auth  vm       stopped",
      "  guests in all: 612 MiB, 95 s CPU",
      "  cluster management      Provisioned, available",
      "    management-general-x  Running                 172.20.10.101",
      "  gw – 172.20.10.21     BGP Established, 2 routes",
      "  bgp1 – 172.20.10.101  BGP Established, 2 routes",
      "",
    ].join("\n"),
  );
});
