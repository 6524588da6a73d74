import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Progress } from "../../lab/progress";
import { run } from "../../lab/run";
import type { BuildSettings } from "../../lab/toolchain/build";
import { buildKey, ensureProgram, goVersion } from "../../lab/toolchain/build";
import type { Program } from "../../lab/toolchain/program";

jest.setTimeout(120_000); // the compiler shares the machine with whatever else is built

/** A program of one file, built for real. */
describe("a build of the toolchain", () => {
  let folder: string;
  let settings: BuildSettings;
  let steps: string[];
  let compiler: string;
  const program = (version = "1.2.3+x", changes: Partial<Program> = {}): Program => ({
    name: "tiny",
    directory: join(folder, "tiny"),
    package: ".",
    version,
    stamps: { "main.version": version },
    usualSeconds: 90,
    ...changes,
  });
  const source = (text: string) => writeFileSync(join(folder, "tiny", "main.go"), text);
  const says = (what: string) =>
    source(`package main\n\nvar version = "none"\n\nfunc main() { print("${what} ", version) }\n`);
  const builds = () => readdirSync(settings.cache).filter((name) => /^tiny-[0-9a-f]{16}$/.test(name));

  beforeAll(async () => {
    compiler = await goVersion();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "toolchain-"));
    steps = [];
    const progress: Progress = {
      say: (message) => void steps.push(message),
      step: async (title, work) => {
        steps.push(title);
        return await work();
      },
    };
    settings = { cache: join(folder, "cache"), goVersion: compiler, progress };
    mkdirSync(settings.cache);
    mkdirSync(join(folder, "tiny"));
    writeFileSync(join(folder, "tiny", "go.mod"), "module tiny\n\ngo 1.26\n");
    says("one");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is made once, with its version, and found again", async () => {
    const path = await ensureProgram(program(), settings);
    expect((await run([path])).stderr).toBe("one 1.2.3+x");
    expect(steps).toEqual(["toolchain: tiny 1.2.3+x: building (usually 2 min)"]);
    chmodSync(join(folder, "tiny", "main.go"), 0o600); // not content
    expect(await ensureProgram(program(), settings)).toBe(path);
    expect(steps).toHaveLength(1);
  });

  it("is another one when a source, a flag or the compiler changes, and not when a test does", async () => {
    const keys = [await buildKey(program(), compiler)];
    keys.push(await buildKey(program("2.0.0"), compiler));
    keys.push(await buildKey(program(undefined, { tags: ["x"] }), compiler));
    keys.push(await buildKey(program(), "go1.99"));
    says("two");
    keys.push(await buildKey(program(), compiler));
    expect(new Set(keys).size).toBe(keys.length);
    writeFileSync(join(folder, "tiny", "main_test.go"), "package main\n");
    expect(await buildKey(program(), compiler)).toBe(keys.at(-1));
  });

  it("is made again after one that was killed, and by one of two at a time", async () => {
    mkdirSync(join(settings.cache, ".building-tiny"));
    writeFileSync(join(settings.cache, ".building-tiny", "half"), "");
    const [first, second] = await Promise.all([ensureProgram(program(), settings), ensureProgram(program(), settings)]);
    expect(first).toBe(second);
    expect(steps.filter((step) => step.includes("building"))).toHaveLength(1);
    expect(readdirSync(settings.cache)).not.toContain(".building-tiny");
    expect(readdirSync(join(settings.cache, builds()[0]))).toEqual(["tiny"]);
  });

  it("leaves nothing under its name when it fails, and says what the compiler said", async () => {
    source("package main\n\nfunc main() { undefinedName() }\n");
    await expect(ensureProgram(program(), settings)).rejects.toThrow(/undefined: undefinedName/);
    expect(builds()).toEqual([]);
    says("mended");
    expect((await run([await ensureProgram(program(), settings)])).stderr).toContain("mended");
  });

  describe("of patched upstream code", () => {
    const upstream = () => join(folder, "upstream", "greeting.go");
    const patch = { module: "example.org/upstream", file: "greeting.patch" };
    const writePatch = (before: string) =>
      writeFileSync(
        join(folder, "tiny", patch.file),
        `Why.\n--- a/greeting.go\n+++ b/greeting.go\n@@ -1,3 +1,3 @@\n package upstream\n \n-${before}\n+const Greeting = "lab"\n`,
      );
    beforeEach(() => {
      mkdirSync(join(folder, "upstream"));
      writeFileSync(join(folder, "upstream", "go.mod"), "module example.org/upstream\n\ngo 1.26\n");
      writeFileSync(upstream(), 'package upstream\n\nconst Greeting = "upstream"\n');
      writeFileSync(
        join(folder, "tiny", "go.mod"),
        "module tiny\n\ngo 1.26\n\nrequire example.org/upstream v0.0.0\n\nreplace example.org/upstream => ../upstream\n",
      );
      writeFileSync(join(folder, "tiny", "go.sum"), ""); // a local module has no sum
      source('package main\n\nimport "example.org/upstream"\n\nfunc main() { print(upstream.Greeting) }\n');
    });

    it("compiles the change and leaves upstream's file as it is", async () => {
      writePatch('const Greeting = "upstream"');
      const changes = { stamps: undefined };
      expect((await run([await ensureProgram(program("1", changes), settings)])).stderr).toBe("upstream");
      expect((await run([await ensureProgram(program("1", { ...changes, patch }), settings)])).stderr).toBe("lab");
      expect(readFileSync(upstream(), "utf8")).toContain('"upstream"');
      expect(readdirSync(join(settings.cache, builds()[0]))).toEqual(["tiny"]);
    });

    it("fails when upstream is not what the patch is for", async () => {
      writePatch('const Greeting = "another"');
      await expect(ensureProgram(program("1", { patch }), settings)).rejects.toThrow(/patch/);
      expect(builds()).toEqual([]);
    });
  });

  it("outlives one later build; older ones are removed", async () => {
    const paths: string[] = [];
    for (const [age, text] of ["first", "second", "third"].entries()) {
      says(text);
      paths.push(await ensureProgram(program(), settings));
      const used = new Date(Date.now() - (3 - age) * 60_000);
      utimesSync(join(paths[age], ".."), used, used);
    }
    expect(builds().sort()).toEqual(
      paths
        .slice(1)
        .map((path) => path.split("/").at(-2)!)
        .sort(),
    );
  });
});
