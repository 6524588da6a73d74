/** `pulumi up` runs what was compiled, not what was edited: a forgotten build must not deploy yesterday's program. */
import * as fs from "node:fs";
import * as path from "node:path";
import { Refusal } from "./refusal";

/** Folders of the product, its entry, and what `up` runs of its tools; what the lab and the tests compile to does not matter here. */
const sources = ["config", "plan", "render", "components", "verify", "tools", "index.ts"];

/**
 * Throws where a source is newer than the last build.
 * @param root the project's folder
 */
export function assertFreshBuild(root: string): void {
  // The compiler touches this file at every build, also where a source's text did not change and nothing is emitted.
  const record = path.join(root, "bin", ".tsbuildinfo");
  const builtAt = fs.statSync(record, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newer = sources
    .flatMap((entry) => typescriptFiles(path.join(root, entry)))
    .filter((file) => fs.statSync(file).mtimeMs > builtAt);
  if (newer.length > 0) {
    throw new Refusal(
      `bin/ is older than ${newer.map((file) => path.relative(root, file)).join(", ")}: the program that would run is not the one in the sources. Remedy: npm run build.`,
    );
  }
}

function typescriptFiles(entry: string): readonly string[] {
  if (!fs.statSync(entry).isDirectory()) {
    return [entry];
  }
  return fs
    .readdirSync(entry, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.join(entry, name));
}
