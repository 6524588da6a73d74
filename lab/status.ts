/** What of a lab runs, seen from outside: nothing is started or changed. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fixturesDirectory } from "./guests";
import { type LabIdentity, namespaceName } from "./paths";
import { isRunningProcess } from "./process";
import { run } from "./run";
import { vcenterLog, vcenterRuns, vcenterState } from "./vcenter";

export interface MachineStatus {
  readonly name: string;
  /** fixture: around the region. vm: made by `pulumi up`. service: a program of the lab. */
  readonly kind: "fixture" | "vm" | "service";
  readonly running: boolean;
  /** IPv4 addresses with prefix lengths, as its namespace has them; none where it does not run. */
  readonly addresses: readonly string[];
  /** What it said, newest last. */
  readonly log: string;
}

/** A BGP session of gw, as gw sees it. */
export interface SessionStatus {
  readonly peer: string;
  /** FRR's word: Established, Active, … */
  readonly state: string;
  readonly receivedPrefixes: number;
}

export interface LabStatus {
  readonly machines: readonly MachineStatus[];
  /** Empty where gw does not run, or learns its routes otherwise. */
  readonly sessions: readonly SessionStatus[];
}

/** What the hypervisor writes about each machine that it runs. */
interface MachineRecord {
  readonly name: string;
  readonly init: { readonly pid: number; readonly start: string };
}

/** Addresses of a namespace's links, loopback left out. */
async function addressesOf(namespace: string): Promise<string[]> {
  const { stdout } = await run(["ip", "-n", namespace, "-json", "-4", "address", "show", "scope", "global"]);
  const links = JSON.parse(stdout.trim() || "[]") as { addr_info?: { local: string; prefixlen: number }[] }[];
  return links.flatMap(({ addr_info = [] }) => addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`));
}

async function recordBelow(path: string): Promise<MachineRecord | undefined> {
  const text = await readFile(join(path, "record.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as MachineRecord);
}

/** What FRR on gw says of its sessions. */
async function gatewaySessions(lab: LabIdentity, machines: readonly MachineStatus[]): Promise<SessionStatus[]> {
  const record = await recordBelow(join(fixturesDirectory(lab), "gw"));
  if (record === undefined || !machines.some(({ name, running }) => name === "gw" && running)) return [];
  const enter = ["nsenter", `--target=${record.init.pid}`, "--mount", "--net", "--pid", "--root", "--"];
  const ask = async (question: string) => (await run([...enter, "vtysh", "-c", question])).stdout;
  if (!(await ask("show daemons")).split(/\s+/).includes("bgpd")) return [];
  const stdout = await ask("show bgp ipv4 unicast summary json");
  const { peers = {} } = JSON.parse(stdout) as { peers?: Record<string, { state: string; pfxRcd: number }> };
  return Object.entries(peers).map(([peer, { state, pfxRcd }]) => ({ peer, state, receivedPrefixes: pfxRcd }));
}

async function machinesBelow(lab: LabIdentity, folder: string, kind: "fixture" | "vm"): Promise<MachineStatus[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async (entry) => {
        const path = join(folder, entry.name);
        const record = await recordBelow(path);
        const running =
          record !== undefined && (await isRunningProcess({ pid: record.init.pid, startTime: record.init.start }));
        const name = (record?.name ?? entry.name).replace(`${lab.id}-`, "");
        const addresses = running ? await addressesOf(record.name) : [];
        return { name, kind, running, addresses, log: join(path, "console.log") };
      }),
  );
}

/** All machines and programs of a lab, by kind and name; nothing where none was ever started. */
export async function labStatus(lab: LabIdentity): Promise<LabStatus> {
  const guests = [
    ...(await machinesBelow(lab, fixturesDirectory(lab), "fixture")),
    ...(await machinesBelow(lab, join(vcenterState(lab), "vms"), "vm")),
  ].sort((a, b) => (a.kind + a.name).localeCompare(b.kind + b.name));
  const running = await vcenterRuns(lab);
  if (guests.length === 0 && !running) return { machines: [], sessions: [] };
  const addresses = running ? await addressesOf(namespaceName(lab, "vcenter")) : [];
  const vcenter = { name: "vcenter", kind: "service", running, addresses, log: vcenterLog(lab) } as const;
  return { machines: [vcenter, ...guests], sessions: await gatewaySessions(lab, guests) };
}

/** A table for people. */
export function renderStatus(lab: LabIdentity, { machines, sessions }: LabStatus): string {
  if (machines.length === 0) return `lab ${lab.name} (${lab.id}) is down\n`;
  const width = Math.max(...machines.map(({ name }) => name.length));
  const rows = machines.map(({ name, kind, running, addresses }) =>
    `  ${name.padEnd(width)}  ${kind.padEnd(7)}  ${running ? "running" : "stopped"}  ${addresses.join(" ")}`.trimEnd(),
  );
  const heard = sessions.map(
    ({ peer, state, receivedPrefixes }) => `  gw – ${peer.padEnd(15)}  BGP ${state}, ${receivedPrefixes} routes`,
  );
  return `${[`lab ${lab.name} (${lab.id}), namespaces ${lab.id}-*`, ...rows, ...heard].join("\n")}\n`;
}
