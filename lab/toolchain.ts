import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { cacheDirectory } from "./paths";
import type { Progress } from "./progress";
import { run } from "./run";
import { ensureProgram, goVersion } from "./toolchain/build";
import type { Program } from "./toolchain/program";
import type { ProgramName } from "./toolchain/programs";
import { programs } from "./toolchain/programs";

/** The lab's programs, ready to run. */
export interface Toolchain {
  /** Absolute path of each program that was asked for. */
  readonly paths: Readonly<Record<ProgramName, string>>;
  /** What a caller of `pulumi` adds to its environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ToolchainOptions {
  readonly progress: Progress;
  /** The programs that are needed; all by default. `paths` and `env` then know only these. */
  readonly names?: readonly ProgramName[];
}

/** Two at a time keep two cores busy: one links or downloads on a single core while the other compiles. */
const parallelBuilds = 2;

/**
 * Builds what is missing, each program once in this clone, and says where everything is; a few milliseconds when nothing is
 * missing. An official `pulumi` of the pinned version on the PATH is used instead of a build.
 *
 * The plugins are found on the PATH: the engine prefers such "ambient" plugins to its own folder and, with downloads
 * disabled, takes them whatever version the SDK requests, with a warning where theirs is lower. Throws when a build fails.
 */
export async function ensureToolchain({ progress, names }: ToolchainOptions): Promise<Toolchain> {
  const cache = join(cacheDirectory, "toolchain");
  await mkdir(cache, { recursive: true });
  const all = programs();
  const settings = { cache, goVersion: await goVersion(), progress };
  const queue = byModule((names ?? (Object.keys(all) as ProgramName[])).map((name) => all[name]));
  const paths = {} as Record<ProgramName, string>;
  const worker = async () => {
    for (let group = queue.shift(); group; group = queue.shift()) {
      try {
        for (const program of group) {
          paths[program.name as ProgramName] =
            (await officialPulumi(program)) ?? (await ensureProgram(program, settings));
        }
      } catch (error) {
        queue.length = 0; // the other worker ends after its current build
        throw error;
      }
    }
  };
  // Both workers end before a failure is reported, so that no build goes on behind the caller's back.
  const outcomes = await Promise.allSettled(Array.from({ length: parallelBuilds }, worker));
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as Error] : []));
  if (failures.length > 0) throw new Error(failures.map((failure) => failure.message).join("\n"));
  const pulumi = Object.values(paths).filter((path) => path.startsWith(cache) && basename(path).startsWith("pulumi"));
  return { paths, env: environment(pulumi) };
}

/**
 * Programs of one module in a row: two at a time would compile what they share twice. The module and the program that take
 * longest come first.
 */
function byModule(list: readonly Program[]): Program[][] {
  const groups = new Map<string, Program[]>();
  for (const program of [...list].sort((a, b) => b.usualSeconds - a.usualSeconds)) {
    groups.set(program.directory, [...(groups.get(program.directory) ?? []), program]);
  }
  const seconds = (group: readonly Program[]) => group.reduce((sum, { usualSeconds }) => sum + usualSeconds, 0);
  return [...groups.values()].sort((a, b) => seconds(b) - seconds(a));
}

/** Our builds of Pulumi come first on the PATH; an official `pulumi` is on it already, its folder stays where it is. */
function environment(builds: readonly string[]): Record<string, string> {
  const folders = builds.map((path) => dirname(path));
  return {
    PATH: [...folders, process.env.PATH ?? ""].join(delimiter),
    PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    PULUMI_IGNORE_AMBIENT_PLUGINS: "false",
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

/** The `pulumi` on the PATH if it is exactly the pinned version; undefined for any other program. */
async function officialPulumi(program: Program): Promise<string | undefined> {
  if (program.name !== "pulumi") return undefined;
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .map((folder) => join(folder, "pulumi"))
    .find((path) => existsSync(path));
  if (found === undefined) return undefined;
  const { stdout } = await run([found, "version"], { accept: [0, 1, 255] });
  return stdout.trim() === `v${program.version}` ? found : undefined;
}

/** Name and version of every program, without building anything: for `lab status`. */
export function toolchainVersions(): readonly { readonly name: string; readonly version: string }[] {
  return Object.values(programs()).map(({ name, version }) => ({ name, version }));
}
