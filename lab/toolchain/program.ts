import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../paths";
import type { Patch } from "./patch";

/** A program that the lab builds from a Go module of ours, a folder of `lab/toolchain`. */
export interface Program {
  readonly name: string;
  /** The folder with its go.mod; one module may build several programs. */
  readonly directory: string;
  /** What `go build` builds: an upstream package that the go.mod names as a tool, or a package of ours, "." for its main. */
  readonly package: string;
  readonly version: string;
  /** Variables that the linker sets (`-X`), by their full name; none where the program tells no version. */
  readonly stamps?: Readonly<Record<string, string>>;
  /** Needs a C compiler (gcc, libc6-dev); the result is linked statically all the same. */
  readonly cgo?: boolean;
  readonly tags?: readonly string[];
  /** A change of upstream's code that is compiled in; `version` must tell of it. */
  readonly patch?: Patch;
  /** Cold build on two cores, in seconds: for the progress line, and the longest is started first. */
  readonly usualSeconds: number;
}

/** The folder of a Go module of ours. */
export function moduleDirectory(module: string): string {
  return join(repository, "lab", "toolchain", module);
}

/** The programs that one Go module of ours builds, by name. */
export function programsOf<Name extends string>(
  module: string,
  programs: Readonly<Record<Name, Omit<Program, "name" | "directory">>>,
): Readonly<Record<Name, Program>> {
  const directory = moduleDirectory(module);
  const entries = Object.entries<Omit<Program, "name" | "directory">>(programs);
  const named = entries.map(([name, program]) => [name, { ...program, name, directory }] as const);
  return Object.fromEntries(named) as Record<Name, Program>;
}

/**
 * The version of a module that a module of ours builds with, as its go.mod pins it, without the "v": the only place that
 * says it. A `replace` of the module by a version of itself goes before what the go.mod requires. Throws if it does neither.
 */
export function pinnedVersion(ours: string, module: string): string {
  const goMod = join(moduleDirectory(ours), "go.mod");
  const lines = readFileSync(goMod, "utf8").split("\n");
  const words = lines.map((line) =>
    line
      .replace(/^(require|replace) /, "")
      .trim()
      .split(/\s+/),
  );
  const replaced = words.find(([name, arrow, by]) => name === module && arrow === "=>" && by === module)?.[3];
  const required = words.find(([name, version]) => name === module && version?.startsWith("v"))?.[1];
  const version = replaced ?? required;
  if (version === undefined) throw new Error(`${goMod}: requires no module ${module}`);
  return version.slice(1);
}
