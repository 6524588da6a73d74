/**
 * Upstream code that is changed as it is built: the build sees a patched copy in the place of a module. Go's own `-overlay`
 * would be simpler, but since Go 1.26 it refuses to replace a file of the module cache.
 */
import { copyFile, cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../run";
import { moduleFolder } from "./module";

/** A change of upstream's code, named in what it is built into (its version) and explained at the patch's top. */
export interface Patch {
  /** The Go module that it changes, at the version that our go.mod pins. */
  readonly module: string;
  /** A unified diff (`a/…`, `b/…` below the module's root), beside our go.mod. */
  readonly file: string;
}

/**
 * Copies the module to a scratch folder, patches it there and returns the flags that make `go build` use it. Packages that
 * the patch does not touch come from the build cache all the same. Throws RunError when the patch does not fit the pinned
 * version to the letter.
 */
export async function patchedModule(
  patch: Patch,
  directory: string,
  scratch: string,
  env: NodeJS.ProcessEnv,
): Promise<string[]> {
  const upstream = await moduleFolder(directory, patch.module, env);
  const copy = join(scratch, "module");
  await mkdir(scratch, { recursive: true });
  await cp(upstream, copy, { recursive: true });
  await run(["chmod", "--recursive", "u+w", copy]); // the module cache is read-only
  const diff = join(directory, patch.file);
  await run(["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", `--directory=${copy}`, `--input=${diff}`]);
  const goMod = join(scratch, "go.mod");
  await copyFile(join(directory, "go.mod"), goMod);
  await copyFile(join(directory, "go.sum"), join(scratch, "go.sum"));
  await run(["go", "mod", "edit", `-replace=${patch.module}=${copy}`, goMod], { cwd: scratch, env });
  return [`-modfile=${goMod}`];
}
