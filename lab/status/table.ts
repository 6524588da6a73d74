import type { LabIdentity } from "../paths";
import type { ClusterStatus } from "./clusters";
import type { SessionStatus } from "./sessions";
import type { LabStatus, MachineStatus } from "./status";

/** Cells in columns that are as wide as their widest cell; the last one ends where it ends. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column])).join("  ")}`.trimEnd());
}

const machineRow = ({ name, kind, running, usage, addresses }: MachineStatus): string[] => [
  name,
  kind,
  running ? "running" : "stopped",
  usage === undefined ? "" : `${usage.memoryMiB} MiB`.padStart(8),
  usage === undefined ? "" : `${usage.cpuSeconds} s CPU`.padStart(9),
  addresses.join(" "),
];

function total(machines: readonly MachineStatus[]): string {
  const sum = (pick: (machine: MachineStatus) => number) => machines.reduce((all, machine) => all + pick(machine), 0);
  return `  guests in all: ${sum(({ usage }) => usage?.memoryMiB ?? 0)} MiB, ${sum(({ usage }) => usage?.cpuSeconds ?? 0)} s CPU`;
}

const clusterRows = ({ name, phase, available, machines }: ClusterStatus): string[][] => [
  [`cluster ${name}`, `${phase}${available ? ", available" : ", not available"}`, ""],
  ...machines.map((machine) => [`  ${machine.name}`, machine.phase, machine.addresses.join(" ")]),
];

const sessionRow = ({ machine, peer, state, receivedPrefixes }: SessionStatus): string[] => [
  `${machine} – ${peer}`,
  `BGP ${state}, ${receivedPrefixes} routes`,
];

/** A table for people. */
export function renderStatus(lab: LabIdentity, { machines, sessions, clusters }: LabStatus): string {
  if (machines.length === 0) return `lab ${lab.name} (${lab.id}) is down\n`;
  return `${[
    `lab ${lab.name} (${lab.id}), namespaces ${lab.id}-*`,
    ...columns(machines.map(machineRow)),
    total(machines),
    ...columns(clusters.flatMap(clusterRows)),
    ...columns(sessions.map(sessionRow)),
  ].join("\n")}\n`;
}
