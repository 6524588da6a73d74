/** Processes of the machine that recovery runs on. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import type { Machine, Process } from "./lock";

/** A program that an `up` started and that outlived it. */
export interface Orphan {
  readonly pid: number;
  readonly program: string;
}

interface Stat {
  readonly program: string;
  readonly state: string;
  readonly parent: number;
  /** Since boot, in the kernel's ticks. */
  readonly startTicks: number;
}

/** The kernel counts in hundredths of a second for programs, whatever it counts in itself (proc(5), USER_HZ). */
const ticksPerSecond = 100;

/** The machine of this process. */
export const thisMachine: Machine = {
  hostName: hostname(),
  process(pid) {
    if (!exists(pid)) return undefined;
    const stat = statOf(pid);
    if (stat === undefined) return process.platform === "linux" ? undefined : "unknown";
    return isDead(stat) ? undefined : ({ program: stat.program, started: startOf(stat) } satisfies Process);
  },
};

/**
 * Plugins of an `up` of this folder whose engine is gone: what they were doing goes on behind everybody's back. Found on Linux
 * only; elsewhere there is nothing to see.
 */
export function orphanedPlugins(folder: string): readonly Orphan[] {
  if (process.platform !== "linux") return [];
  // The kernel keeps 15 characters of a program's name.
  return processIds().flatMap((pid): Orphan[] => {
    const stat = statOf(pid);
    if (stat === undefined || isDead(stat) || !/^pulumi-(resource|languag)/.test(stat.program)) return [];
    const parent = statOf(stat.parent);
    if (parent?.program.startsWith("pulumi") === true || !isWithin(folderOf(pid), folder)) return [];
    return [{ pid, program: stat.program }];
  });
}

const processIds = (): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

/** A process that ended and that nobody waited for is still listed. */
const isDead = ({ state }: Stat): boolean => state === "Z" || state === "X";

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and is somebody else's.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function statOf(pid: number): Stat | undefined {
  const text = textOf(`/proc/${pid}/stat`);
  // pid (program) state ppid … starttime is the 22nd; the program's name may hold spaces and brackets.
  const [, program, rest] = /^\d+ \((.*)\) (.*)$/s.exec(text ?? "") ?? [];
  const fields = rest?.split(" ");
  if (program === undefined || fields === undefined) return undefined;
  return { program, state: fields[0]!, parent: Number(fields[1]), startTicks: Number(fields[19]) };
}

function startOf({ startTicks }: Stat): Date {
  const boot = Number(/^btime (\d+)$/m.exec(textOf("/proc/stat") ?? "")?.[1]);
  return new Date((boot + startTicks / ticksPerSecond) * 1000);
}

/** The engine starts plugins where the program lies (`main` of Pulumi.yaml). */
const isWithin = (path: string | undefined, folder: string): boolean =>
  path === folder || path?.startsWith(`${folder}/`) === true;

function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
