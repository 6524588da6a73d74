/** What pulumi says and keeps: the places where a secret must not turn up. */
import { mkdirSync, readFileSync, statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { identity } from "./lab";

/** File in the lab's folder for the output of one pulumi command. */
export function engineLogs(name: string): string {
  const folder = join(identity.directory, "engine-logs");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return join(folder, name);
}

/** Every file below a folder, by its path, as text. */
export async function filesBelow(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder, { recursive: true });
  const files = names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
  return new Map(files.map((path) => [path, readFileSync(path, "utf8")]));
}
