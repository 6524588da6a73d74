/** Upstream code that is changed as it is built: Go's `-overlay` compiles a patched file in the place of a module's own. */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../run";
import { moduleFolder } from "./module";

/** A change of upstream's code, named in what it is built into (its version) and explained at the patch's top. */
export interface Patch {
  /** The Go module that it changes, at the version that our go.mod pins. */
  readonly module: string;
  /** A unified diff (`a/…`, `b/…` below the module's root), beside our go.mod. */
  readonly file: string;
}

/** The files that a unified diff changes, below the root that it is for. Throws when it names none. */
export function patchedFiles(diff: string): string[] {
  const files = [...diff.matchAll(/^\+\+\+ b\/(\S+)/gm)].map(([, file]) => file as string);
  if (files.length === 0) throw new Error("the patch names no file (a line `+++ b/…`)");
  return files;
}

/**
 * Writes the patched files and Go's overlay description (`go help build`) below a scratch folder; returns the path of the
 * description. Throws RunError when the patch does not fit the pinned version to the letter.
 */
export async function writeOverlay(
  patch: Patch,
  directory: string,
  scratch: string,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const diff = join(directory, patch.file);
  const root = await moduleFolder(directory, patch.module, env);
  const replace: Record<string, string> = {};
  for (const file of patchedFiles(await readFile(diff, "utf8"))) {
    const copy = join(scratch, file);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(join(root, file), copy);
    replace[join(root, file)] = copy;
  }
  await run(["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", `--directory=${scratch}`, `--input=${diff}`]);
  const description = join(scratch, "overlay.json");
  await writeFile(description, JSON.stringify({ Replace: replace }));
  return description;
}
