/** What of a lab runs, seen from outside: nothing is started or changed. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fixturesDirectory } from "../guests";
import { type LabIdentity, namespaceName } from "../paths";
import { isRunningProcess } from "../process";
import { run } from "../run";
import { vcenterLog, vcenterRuns, vcenterState } from "../vcenter";
import { type ClusterStatus, clustersOf } from "./clusters";
import { type GuestRecord, recordBelow } from "./guest";
import { type SessionStatus, sessionsOf } from "./sessions";
import { type Usage, usageOf } from "./usage";

export interface MachineStatus {
  readonly name: string;
  /** fixture: around the region. vm: made by `pulumi up`. service: a program of the lab. */
  readonly kind: "fixture" | "vm" | "service";
  readonly running: boolean;
  /** IPv4 addresses with prefix lengths, as its namespace has them; none where it does not run. */
  readonly addresses: readonly string[];
  /** What it costs; absent where it does not run, and for services. */
  readonly usage?: Usage;
  /** What it said, newest last. */
  readonly log: string;
}

export interface LabStatus {
  readonly machines: readonly MachineStatus[];
  /** gw's, whatever their state, and the routers' established ones; empty where gw does not run, or learns its routes otherwise. */
  readonly sessions: readonly SessionStatus[];
  readonly clusters: readonly ClusterStatus[];
}

interface Guest {
  readonly status: MachineStatus;
  /** Absent where it does not run. */
  readonly record?: GuestRecord;
}

/** Addresses of a namespace's links, loopback left out. */
async function addressesOf(namespace: string): Promise<string[]> {
  const { stdout } = await run(["ip", "-n", namespace, "-json", "-4", "address", "show", "scope", "global"]);
  const links = JSON.parse(stdout.trim() || "[]") as { addr_info?: { local: string; prefixlen: number }[] }[];
  return links.flatMap(({ addr_info = [] }) => addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`));
}

async function guestsBelow(lab: LabIdentity, folder: string, kind: "fixture" | "vm"): Promise<Guest[]> {
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
        const usage = running ? await usageOf(record.cgroups ?? []) : undefined;
        const status = { name, kind, running, addresses, ...(usage && { usage }), log: join(path, "console.log") };
        return { status, ...(running && { record }) };
      }),
  );
}

const named = (guests: readonly Guest[], name: string): GuestRecord | undefined =>
  guests.find(({ status }) => status.name === name)?.record;

async function allSessions(lab: LabIdentity, guests: readonly Guest[]): Promise<SessionStatus[]> {
  const ofVms = guests.flatMap(({ status, record }) =>
    status.kind === "vm" && record !== undefined
      ? [sessionsOf(status.name.replace(`${lab.site}-`, ""), record).then((all) => all.filter(isEstablished))]
      : [],
  );
  const gw = named(guests, "gw");
  return (await Promise.all([...(gw === undefined ? [] : [sessionsOf("gw", gw)]), ...ofVms])).flat();
}

/** A router waits for every address of a slice: those without a node say nothing. */
const isEstablished = ({ state }: SessionStatus): boolean => state === "Established";

/** All machines and programs of a lab, by kind and name; nothing where none was ever started. */
export async function labStatus(lab: LabIdentity): Promise<LabStatus> {
  const guests = [
    ...(await guestsBelow(lab, fixturesDirectory(lab), "fixture")),
    ...(await guestsBelow(lab, join(vcenterState(lab), "vms"), "vm")),
  ].sort((a, b) => (a.status.kind + a.status.name).localeCompare(b.status.kind + b.status.name));
  const running = await vcenterRuns(lab);
  if (guests.length === 0 && !running) return { machines: [], sessions: [], clusters: [] };
  const addresses = running ? await addressesOf(namespaceName(lab, "vcenter")) : [];
  const vcenter = { name: "vcenter", kind: "service", running, addresses, log: vcenterLog(lab) } as const;
  const capi = named(guests, `${lab.site}-capi`);
  const [sessions, clusters] = await Promise.all([
    allSessions(lab, guests),
    capi === undefined ? [] : clustersOf(capi),
  ]);
  return { machines: [vcenter, ...guests.map(({ status }) => status)], sessions, clusters };
}
