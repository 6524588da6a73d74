/** A guest as the hypervisor records it, and what its programs say when they are asked at its console. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../run";

/** What the hypervisor writes about each machine that it runs. */
export interface GuestRecord {
  readonly name: string;
  readonly init: { readonly pid: number; readonly start: string };
  readonly cgroups?: readonly string[];
}

export async function recordBelow(path: string): Promise<GuestRecord | undefined> {
  const text = await readFile(join(path, "record.json"), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as GuestRecord);
}

/** What a program in a running guest prints; undefined where it has no such program, or the program fails. */
export async function asked({ init }: GuestRecord, command: readonly string[]): Promise<string | undefined> {
  const enter = ["nsenter", `--target=${init.pid}`, "--mount", "--net", "--pid", "--root", "--"];
  return run([...enter, ...command], { timeout: 15_000 }).then(
    ({ stdout }) => stdout,
    () => undefined,
  );
}
