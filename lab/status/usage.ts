/** What a guest costs: its cgroups' own accounts, which count what runs inside its containers, too. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Usage {
  /** Anonymous memory of everything in the guest, MiB; shared programs and caches left out. */
  readonly memoryMiB: number;
  /** Processor time since its boot, in seconds. */
  readonly cpuSeconds: number;
}

const mebibyte = 1024 * 1024;

/** The number after a key in a file of `key number` lines. */
async function entry(folder: string, file: string, key: string): Promise<number | undefined> {
  const text = await readFile(join(folder, file), "utf8").catch(() => "");
  const value = new RegExp(`^${key} (\\d+)$`, "m").exec(text)?.[1];
  return value === undefined ? undefined : Number(value);
}

async function number(folder: string, file: string): Promise<number | undefined> {
  const text = await readFile(join(folder, file), "utf8").catch(() => undefined);
  return text === undefined ? undefined : Number(text);
}

const first = async (questions: readonly Promise<number | undefined>[]): Promise<number | undefined> =>
  (await Promise.all(questions)).find((value) => value !== undefined);

/** Of a guest's cgroup folders, one a hierarchy, of either version; undefined where the machine keeps no such accounts. */
export async function usageOf(cgroups: readonly string[]): Promise<Usage | undefined> {
  const [memory, nanoseconds, microseconds] = await Promise.all([
    first(
      cgroups.flatMap((folder) => [entry(folder, "memory.stat", "total_rss"), entry(folder, "memory.stat", "anon")]),
    ),
    first(cgroups.map((folder) => number(folder, "cpuacct.usage"))),
    first(cgroups.map((folder) => entry(folder, "cpu.stat", "usage_usec"))),
  ]);
  const seconds =
    nanoseconds !== undefined ? nanoseconds / 1e9 : microseconds === undefined ? undefined : microseconds / 1e6;
  if (memory === undefined || seconds === undefined) return undefined;
  return { memoryMiB: Math.round(memory / mebibyte), cpuSeconds: Math.round(seconds) };
}
