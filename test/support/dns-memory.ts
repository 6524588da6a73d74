/** A DNS server in memory, for running the scripts sent to Windows without one. */
import type { DnsServer, ResourceRecord, Zone } from "../../lab/fixtures/windows/dns-server";
import { sameRecord } from "../../lab/fixtures/windows/cmdlets";
import { cmdletsOf } from "../../lab/fixtures/windows/cmdlets";
import { runScript } from "../../lab/fixtures/windows/interpreter";
import { readScript, scriptOf } from "../../lab/fixtures/windows/reader";

export interface MemoryServer extends DnsServer {
  readonly state: { zones: Zone[]; records: (ResourceRecord & { readonly zone: string })[] };
  /** Which server answers for which zone's SOA, as `zone@server`. */
  readonly answering: Map<string, string>;
  /** Names of what was changed, in order. */
  readonly changes: string[];
}

export function memoryServer(zones: readonly string[]): MemoryServer {
  const state: MemoryServer["state"] = {
    zones: zones.map((name) => ({ name, kind: "Primary", masters: [], scope: "Domain" })),
    records: [],
  };
  const answering = new Map<string, string>();
  const changes: string[] = [];
  return {
    state,
    answering,
    changes,
    zones: () => state.zones,
    putForwarder(zone) {
      changes.push(`put ${zone.name} ${zone.masters.join(" ")} ${zone.scope}`);
      state.zones = [...state.zones.filter(({ name }) => name !== zone.name), zone];
    },
    removeForwarder(name) {
      changes.push(`remove ${name}`);
      state.zones = state.zones.filter((zone) => zone.name !== name);
    },
    records: (zone) => state.records.filter((record) => record.zone === zone),
    addRecord(zone, record) {
      changes.push(`add ${record.host} ${record.type} ${record.data}`);
      state.records.push({ ...record, zone });
    },
    removeRecord(zone, record) {
      changes.push(`remove ${record.host} ${record.type} ${record.data}`);
      state.records = state.records.filter((held) => held.zone !== zone || !sameRecord(held, record));
    },
    primaryServerOf(zone, server) {
      const answer = answering.get(`${zone}@${server}`);
      if (answer === undefined) throw new Error(`${zone} : DNS name does not exist`);
      return answer;
    },
  };
}

export interface Ran {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a command line as Windows' SSH server would. */
export async function runOn(server: DnsServer, line: string): Promise<Ran> {
  const output: string[] = [];
  const errors: string[] = [];
  const code = runScript(await readScript(scriptOf(line)), {
    cmdlets: cmdletsOf(server),
    print: (text) => output.push(text),
    printError: (text) => errors.push(text),
  });
  return { code, output: output.join("\n"), errors: errors.join("\n") };
}
