/** Generated files as `npm run generate:schema` writes them, from a process of its own: prettier is an ES module, which jest does not load. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";

export function generateFiles(): Readonly<Record<string, string>> {
  const root = join(__dirname, "../..");
  const output = execFileSync(join(root, "tools/run"), ["generate-schema", "--json"], { encoding: "utf8" });
  return JSON.parse(output) as Readonly<Record<string, string>>;
}
