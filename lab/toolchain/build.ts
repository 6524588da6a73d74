import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { withLock } from "../lock";
import type { Progress } from "../progress";
import { run } from "../run";
import { patchedModule } from "./patch";
import type { Program } from "./program";

/** Builds of one program that stay: the one in use and the one before it, for a lab that still runs. */
const keptBuilds = 2;

/** Counts up when the code below builds something else from the same sources. */
const builderVersion = 1;

/** A program's sources in a fixed order; tests of it change nothing in what is built. */
async function sourceFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith("_test.go") && !entry.parentPath.includes("testdata"))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** `go build` splits the linker's flags at spaces that are not quoted. */
const quoted = (flag: string) => (flag.includes(" ") ? `'${flag}'` : flag);

function flags(program: Program): string[] {
  const linker = ["-s", "-w"];
  for (const [variable, value] of Object.entries(program.stamps ?? {}))
    linker.push("-X", quoted(`${variable}=${value}`));
  if (program.cgo) linker.push("-linkmode", "external", "-extldflags", "-static");
  const tags = program.tags ? ["-tags", program.tags.join(",")] : [];
  return ["-mod=readonly", "-trimpath", "-buildvcs=false", ...tags, "-ldflags", linker.join(" ")];
}

/** Names a build by all that goes into it: sources, pinned versions (go.mod, go.sum), flags and the compiler. */
export async function buildKey(program: Program, goVersion: string): Promise<string> {
  const hash = createHash("sha256");
  hash.update(
    JSON.stringify([
      builderVersion,
      goVersion,
      program.package,
      flags(program),
      ...(program.patch ? [program.patch] : []),
    ]),
  );
  for (const file of await sourceFiles(program.directory)) {
    const content = await readFile(file);
    hash.update(`\n${relative(program.directory, file)} ${content.length}\n`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/** The version of the Go compiler on the PATH. Throws when there is none, with the remedy. */
export async function goVersion(): Promise<string> {
  try {
    return (await run(["go", "env", "GOVERSION"], { env: goEnvironment(false) })).stdout.trim();
  } catch (error) {
    throw new Error(`the lab builds its programs with Go 1.26 or later, which is not on the PATH: ${String(error)}`);
  }
}

/** Environment for `go`. GOTOOLCHAIN, GOWORK and GOFLAGS of the caller's shell would build something that the hash does not know of. */
export function goEnvironment(cgo: boolean): NodeJS.ProcessEnv {
  return { ...process.env, GOTOOLCHAIN: "local", GOWORK: "off", GOFLAGS: "", CGO_ENABLED: cgo ? "1" : "0" };
}

export interface BuildSettings {
  /** The folder that holds all builds. */
  readonly cache: string;
  readonly goVersion: string;
  readonly progress: Progress;
}

/**
 * The path of a built program; builds it first if this very build is not there yet. A build appears under its name only
 * when it is complete, so one that was interrupted is simply made again. Throws RunError with the compiler's last lines.
 */
export async function ensureProgram(program: Program, settings: BuildSettings): Promise<string> {
  const home = join(settings.cache, `${program.name}-${await buildKey(program, settings.goVersion)}`);
  const binary = join(home, program.name);
  if (!existsSync(binary)) {
    const lock = join(settings.cache, `${program.name}.lock`);
    const waits = () => settings.progress.say(`toolchain: ${program.name}: another process builds it, waiting`);
    await withLock(lock, () => build(program, home, settings), waits);
  }
  const now = new Date();
  await utimes(home, now, now); // "newest" means last used
  return binary;
}

async function build(program: Program, home: string, settings: BuildSettings): Promise<void> {
  if (existsSync(home)) return; // built while we waited for the lock
  // We hold the lock: whatever lies here was left by a build that was killed.
  const unfinished = join(settings.cache, `.building-${program.name}`);
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const seconds = program.usualSeconds;
  const usual = seconds >= 60 ? `${Math.round(seconds / 60)} min` : `${seconds} s`;
  const title = `toolchain: ${program.name} ${program.version}: building (usually ${usual})`;
  await settings.progress.step(title, async () => {
    if (program.cgo) await requireCompiler(program);
    await compile(program, unfinished, settings.progress);
    await rename(unfinished, home);
  });
  await removeSuperseded(program.name, dirname(home));
}

/**
 * Go's compiler and linker run for seconds, so most of what their garbage collectors do is waste: a cold build of `images` took
 * 24 % less processor time like this. They collect as usual from 2 GiB on: four compile at a time. It changes nothing in what
 * they write, so it is no part of a build's key.
 */
const rareCollection = { GOGC: "800", GOMEMLIMIT: "2GiB" };

/** Builds in the background of whatever else runs here, and says each minute that it is alive. */
async function compile(program: Program, home: string, progress: Progress): Promise<void> {
  const began = Date.now();
  const alive = setInterval(() => {
    progress.say(`toolchain: ${program.name}: still building (${Math.round((Date.now() - began) / 1000)} s)`);
  }, 60_000);
  const env = { ...goEnvironment(program.cgo ?? false), ...rareCollection };
  const scratch = join(home, "patched");
  try {
    const patched = program.patch ? await patchedModule(program.patch, program.directory, scratch, env) : [];
    const output = join(home, program.name);
    const command = ["nice", "-n", "5", "go", "build", ...flags(program), ...patched, "-o", output, program.package];
    await run(command, { cwd: program.directory, env });
    await rm(scratch, { recursive: true, force: true });
  } finally {
    clearInterval(alive);
  }
}

async function requireCompiler(program: Program): Promise<void> {
  try {
    await run(["gcc", "--version"]);
  } catch (error) {
    throw new Error(`${program.name} needs a C compiler: apt-get install gcc libc6-dev (${String(error)})`);
  }
}

/** Keeps the newest builds of a program and removes the others. */
async function removeSuperseded(name: string, cache: string): Promise<void> {
  const isBuild = (entry: string) =>
    entry.startsWith(`${name}-`) && /^[0-9a-f]{16}$/.test(entry.slice(name.length + 1));
  const builds = (await readdir(cache)).filter(isBuild).map((entry) => join(cache, entry));
  const dated = await Promise.all(builds.map(async (path) => ({ path, used: (await stat(path)).mtimeMs })));
  dated.sort((a, b) => b.used - a.used);
  await Promise.all(dated.slice(keptBuilds).map(({ path }) => rm(path, { recursive: true, force: true })));
}
