import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, readFile, readdir, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { machineAptConfiguration, machineAptSources, renderAptSources } from "./apt-sources";
import { withLock } from "./lock";
import { cacheDirectory } from "./paths";
import type { Progress } from "./progress";
import type { RootRecipe } from "./roots/recipe";
import type { RunOptions } from "./run";
import { run } from "./run";

/** The distribution of all guests. */
export const codename = "bookworm";

/** Counts up when the code below makes another root from the same recipe. */
const builderVersion = 1;

async function contentHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  if ((await stat(path)).isFile()) return hash.update(await readFile(path)).digest("hex");
  for (const name of (await readdir(path)).sort()) hash.update(`${name} ${await contentHash(join(path, name))}\n`);
  return hash.digest("hex");
}

/** Names a root by all that goes into it; changing anything makes a new root beside the old one. */
export async function rootKey(recipe: RootRecipe): Promise<string> {
  const parent = recipe.parent ? await rootKey(recipe.parent) : codename;
  const programs = await Promise.all(
    recipe.programs.map(async ({ source, target }) => [target, await contentHash(source)]),
  );
  const parts = [
    builderVersion,
    parent,
    recipe.packages,
    recipe.files,
    ...(recipe.links ? [recipe.links] : []),
    recipe.enabledUnits,
    recipe.disabledUnits,
    programs,
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
}

/** Where a root lies once it is built. */
export async function rootPath(recipe: RootRecipe): Promise<string> {
  return join(cacheDirectory, "roots", `${recipe.name}-${await rootKey(recipe)}`);
}

/**
 * Runs a command inside a root, in mount and process namespaces of its own: nothing that it starts or mounts outlives it.
 * It has the machine's network and name servers.
 */
export async function runInRoot(
  root: string,
  command: readonly string[],
  options: Pick<RunOptions, "input" | "onLine"> = {},
): Promise<string> {
  const script = [
    'mount -t proc proc "$0/proc"',
    'mount --rbind /dev "$0/dev"',
    'mount -t tmpfs tmpfs "$0/run"',
    'mkdir -p "$0/run/systemd/resolve"',
    'cp -L /etc/resolv.conf "$0/run/systemd/resolve/stub-resolv.conf"',
    '[ -L "$0/etc/resolv.conf" ] || cp -L /etc/resolv.conf "$0/etc/resolv.conf"',
    'exec chroot "$0" "$@"',
  ].join(" && ");
  const env = {
    PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
    DEBIAN_FRONTEND: "noninteractive",
    LC_ALL: "C.UTF-8",
    HOME: "/root",
  };
  const isolate = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"];
  return (await run([...isolate, "sh", "-c", script, root, ...command], { ...options, env })).stdout;
}

const aptGet = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0", "-o", "Dpkg::Options::=--force-unsafe-io"];

async function bootstrap(recipe: RootRecipe, folder: string): Promise<void> {
  const sources = renderAptSources(await machineAptSources(codename));
  const configuration = join(`${folder}.apt.conf`);
  await writeFile(configuration, await machineAptConfiguration());
  await run(
    [
      "mmdebstrap",
      "--quiet",
      "--variant=apt",
      "--mode=root",
      "--format=directory",
      `--include=${recipe.packages.join(",")}`,
    ]
      .concat([`--aptopt=${configuration}`, "--aptopt=APT::Install-Recommends false", "--dpkgopt=force-unsafe-io"])
      .concat([codename, folder, "-"]),
    { input: sources },
  );
  for (const name of ["apt/apt.conf.d/99mmdebstrap", "dpkg/dpkg.cfg.d/99mmdebstrap"])
    await rm(join(folder, "etc", name), { force: true });
  await rm(configuration);
}

async function extend(recipe: RootRecipe, parent: string, folder: string): Promise<void> {
  await run(["cp", "-a", "--reflink=auto", parent, folder]);
  if (recipe.packages.length === 0) return;
  const during = {
    "etc/apt/sources.list": renderAptSources(await machineAptSources(codename)),
    "etc/apt/apt.conf.d/00machine": await machineAptConfiguration(),
    "usr/sbin/policy-rc.d": "#!/bin/sh\nexit 101\n", // no service starts while a root is built
  };
  for (const [path, content] of Object.entries(during)) await writeFile(join(folder, path), content, { mode: 0o755 });
  await runInRoot(folder, [...aptGet, "update"]);
  await runInRoot(folder, [...aptGet, "install", "-y", "--no-install-recommends", ...recipe.packages]);
  for (const path of Object.keys(during)) await rm(join(folder, path));
}

async function finish(recipe: RootRecipe, folder: string): Promise<void> {
  for (const { source, target } of recipe.programs) await cp(source, join(folder, target), { recursive: true });
  for (const [path, { content, mode }] of Object.entries(recipe.files)) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    await chmod(target, mode ?? 0o644);
  }
  for (const [path, target] of Object.entries(recipe.links ?? {})) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(target, join(folder, path));
  }
  for (const [verb, units] of [
    ["enable", recipe.enabledUnits],
    ["disable", recipe.disabledUnits],
  ] as const) {
    if (units.length > 0) await runInRoot(folder, ["systemctl", "--quiet", verb, ...units]);
  }
  // A guest makes its own identity at its first boot.
  await writeFile(join(folder, "etc/machine-id"), "");
  for (const name of await readdir(join(folder, "etc/ssh")))
    if (name.startsWith("ssh_host_")) await rm(join(folder, "etc/ssh", name));
  for (const path of [
    "etc/apt/sources.list",
    "var/lib/apt/lists",
    "var/cache/apt",
    "etc/hostname",
    "var/log/journal",
  ]) {
    await rm(join(folder, path), { recursive: true, force: true });
  }
  await mkdir(join(folder, "var/cache/apt/archives/partial"), { recursive: true });
  await mkdir(join(folder, "var/lib/apt/lists/partial"), { recursive: true });
}

/** Builds a root and those below it, once; returns its folder. A folder that has its final name is complete. */
export async function ensureRoot(recipe: RootRecipe, progress: Progress): Promise<string> {
  const path = await rootPath(recipe);
  if (existsSync(path)) return path;
  return withLock(
    `${path}.lock`,
    async () => {
      if (existsSync(path)) return path;
      const parent = recipe.parent ? await ensureRoot(recipe.parent, progress) : undefined;
      const building = `${path}.building`;
      await rm(building, { recursive: true, force: true });
      await progress.step(`root ${recipe.name} (${recipe.packages.length} packages)`, async () => {
        if (parent) await extend(recipe, parent, building);
        else await bootstrap(recipe, building);
        await finish(recipe, building);
      });
      await rename(building, path);
      return path;
    },
    () => progress.say(`root ${recipe.name}: is being built, waiting for it`),
  );
}
