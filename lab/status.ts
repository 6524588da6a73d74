/** What of a lab runs, seen from outside: nothing is started or changed. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fixturesDirectory } from "./guests";
import type { LabIdentity } from "./paths";
import { isRunningProcess } from "./process";
import { vcenterLog, vcenterRuns, vcenterState } from "./vcenter";

export interface MachineStatus {
  readonly name: string;
  /** fixture: around the region. vm: made by `pulumi up`. service: a program of the lab. */
  readonly kind: "fixture" | "vm" | "service";
  readonly running: boolean;
  /** What it said, newest last. */
  readonly log: string;
}

/** What the hypervisor writes about each machine that it runs. */
interface MachineRecord {
  readonly name: string;
  readonly init: { readonly pid: number; readonly start: string };
}

async function machinesBelow(lab: LabIdentity, folder: string, kind: "fixture" | "vm"): Promise<MachineStatus[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return Promise.all(
    entries
      .filter((entry) => entry.isDirectory())
      .map(async (entry) => {
        const path = join(folder, entry.name);
        const text = await readFile(join(path, "record.json"), "utf8").catch(() => undefined);
        const record = text === undefined ? undefined : (JSON.parse(text) as MachineRecord);
        const running =
          record !== undefined && (await isRunningProcess({ pid: record.init.pid, startTime: record.init.start }));
        const name = (record?.name ?? entry.name).replace(`${lab.id}-`, "");
        return { name, kind, running, log: join(path, "console.log") };
      }),
  );
}

/** All machines and programs of a lab, by kind and name; empty where none was ever started. */
export async function labStatus(lab: LabIdentity): Promise<MachineStatus[]> {
  const machines = [
    ...(await machinesBelow(lab, fixturesDirectory(lab), "fixture")),
    ...(await machinesBelow(lab, join(vcenterState(lab), "vms"), "vm")),
  ];
  if (machines.length === 0 && !(await vcenterRuns(lab))) return [];
  const vcenter = { name: "vcenter", kind: "service", running: await vcenterRuns(lab), log: vcenterLog(lab) } as const;
  return [vcenter, ...machines.sort((a, b) => (a.kind + a.name).localeCompare(b.kind + b.name))];
}

/** A table for people. */
export function renderStatus(lab: LabIdentity, machines: readonly MachineStatus[]): string {
  if (machines.length === 0) return `lab ${lab.name} (${lab.id}) is down\n`;
  const width = Math.max(...machines.map(({ name }) => name.length));
  const rows = machines.map(
    ({ name, kind, running }) => `  ${name.padEnd(width)}  ${kind.padEnd(7)}  ${running ? "running" : "stopped"}\n`,
  );
  return `lab ${lab.name} (${lab.id}), namespaces ${lab.id}-*\n${rows.join("")}`;
}
