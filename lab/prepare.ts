/** Everything that a lab needs of this machine before it starts, made once and kept in the cache. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { versions } from "../config/versions";
import { ensureRegistryContent } from "./images/catalogue";
import { ensureLimits } from "./limits";
import { withLock } from "./lock";
import { ensureMirror } from "./mirror";
import { ensureHostPackages } from "./packages";
import { cacheDirectory } from "./paths";
import type { Progress } from "./progress";
import { ensureRoot } from "./roots";
import { fixtureRoot } from "./roots/fixture";
import { nodeRoot } from "./roots/node";
import { plainRoot } from "./roots/plain";
import { preparedRoot, servicesRoot } from "./roots/prepared";
import { run } from "./run";
import type { Toolchain } from "./toolchain";
import { ensureToolchain } from "./toolchain";

export interface Prepared {
  readonly toolchain: Toolchain;
  /** Folders of the guests' roots. */
  readonly roots: {
    readonly plain: string;
    readonly prepared: string;
    readonly node: string;
    readonly fixture: string;
  };
  /** Folder that the package mirror serves. */
  readonly mirror: string;
  /** Folder that the mirror's registry serves. */
  readonly images: string;
  readonly dex: ProgramArchive;
}

/** A program for plain templates, as the mirror serves it below `files/`. */
export interface ProgramArchive {
  readonly name: string;
  readonly file: string;
  readonly sha256: string;
}

/** Packs dex as config/versions.ts names it; the same program always gives the same bytes. */
async function packDex(program: string): Promise<ProgramArchive> {
  const name = `dex-${versions.dex}-linux-amd64.tar.gz`;
  const key = createHash("sha256")
    .update(await readFile(program))
    .digest("hex")
    .slice(0, 16);
  const folder = join(cacheDirectory, "archives", key);
  const file = join(folder, name);
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(file)) return;
    const staging = join(folder, "staging");
    await mkdir(join(staging, "usr/local/bin"), { recursive: true });
    await run(["install", "-m", "0755", program, join(staging, "usr/local/bin/dex")]);
    const reproducible = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"];
    await run([
      "tar",
      ...reproducible,
      "--use-compress-program",
      "gzip -n",
      "-C",
      staging,
      "-cf",
      `${file}.next`,
      "usr",
    ]);
    await rm(staging, { recursive: true });
    await rename(`${file}.next`, file);
  });
  return {
    name,
    file,
    sha256: createHash("sha256")
      .update(await readFile(file))
      .digest("hex"),
  };
}

/** Packages of this machine, programs, roots and the mirror. Costs about a second where all of it is there. */
export async function prepare(progress: Progress): Promise<Prepared> {
  await ensureHostPackages(progress);
  await ensureLimits(progress);
  // apt and the compilers want different things of the machine, so they work side by side.
  const [toolchain, fixture] = await Promise.all([ensureToolchain({ progress }), ensureRoot(fixtureRoot, progress)]);
  const dexProgram = toolchain.paths.dex;
  const [plain, node, prepared, images, dex] = await Promise.all([
    ensureRoot(plainRoot, progress),
    ensureRoot(nodeRoot(toolchain.paths), progress),
    ensureRoot(preparedRoot([{ source: dexProgram, target: "/usr/local/bin/dex" }]), progress),
    ensureRegistryContent(toolchain, progress),
    packDex(dexProgram),
  ]);
  const content = { root: plain, packages: servicesRoot.packages, files: { [dex.name]: dex.file } };
  const mirror = await ensureMirror(content, progress);
  return { toolchain, roots: { plain, prepared, node, fixture }, mirror, images, dex };
}
