/** The lock as the real pulumi tells it, and who counts as dead. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { judgeHolder, locksIn, type Lock, type Machine } from "../../recover/lock";
import { orphanedPlugins, thisMachine } from "../../recover/processes";
import { labProgram } from "../support/lab-program";

const lock: Lock = { user: "root", host: hostname(), pid: 4711, since: new Date("2026-11-21T20:00:00Z") };

/** A state in a folder, with locks as another pulumi would have left them there; what recovery's probe of it says, which changes nothing. */
async function probed(locks: readonly Lock[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "lock-"));
  try {
    const pulumi = await labProgram("pulumi");
    const env = { ...process.env, PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: "x" };
    const run = (...args: readonly string[]) => spawnSync(pulumi, args, { cwd: folder, env, encoding: "utf8" });
    writeFileSync(join(folder, "Pulumi.yaml"), "name: project\nruntime: nodejs\n");
    expect(run("stack", "init", "site", "--non-interactive").status).toBe(0);
    const state = () =>
      readdirSync(join(folder, ".pulumi"), { recursive: true, encoding: "utf8" })
        .sort()
        .map((name) => `${name} ${statSync(join(folder, ".pulumi", name)).mtimeMs}`)
        .filter((line) => line.includes("stacks/"));
    const place = join(folder, ".pulumi/locks/organization/project/site");
    mkdirSync(place, { recursive: true });
    for (const [index, { pid, user, host, since }] of locks.entries()) {
      const content = { pid, username: user, hostname: host, timestamp: since.toISOString() };
      writeFileSync(join(place, `${index}.json`), JSON.stringify(content));
    }
    const before = state();
    const { stdout, stderr } = run("stack", "rename", "site", "--stack", "site", "--non-interactive");
    expect(state()).toEqual(before);
    return `${stdout}\n${stderr}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("every holder is read from what pulumi says", async () => {
  const other = { ...lock, user: "ci", host: "runner-3.example", pid: 1 };
  expect(locksIn(await probed([lock, other]))).toEqual({ locks: [lock, other] });
  expect(locksIn(await probed([]))).toBeUndefined();
});

test("a lock without a readable holder is never one of a dead one", () => {
  expect(locksIn("error: [409] Conflict: Another update is currently in progress.")).toHaveProperty("unnamed");
  expect(
    locksIn("the stack is currently locked by 2 lock(s).\n x: created by a@b (pid 1) at 2026-01-01T00:00:00Z"),
  ).toEqual({ unnamed: "locked by 2, not all of them readable" });
});

test.each<[string, ReturnType<Machine["process"]>, boolean]>([
  ["no such process", undefined, true],
  ["the same process", { program: "pulumi", started: new Date("2026-11-21T19:59:59Z") }, false],
  ["its number, given to another program later", { program: "bash", started: new Date("2026-11-21T20:05:00Z") }, true],
  ["another pulumi with its number", { program: "pulumi", started: new Date("2026-11-21T20:05:00Z") }, false],
  ["an older program with its number", { program: "bash", started: new Date("2026-11-21T19:00:00Z") }, false],
  ["a process that the system tells nothing of", "unknown", false],
])("%s", (_, found, dead) => {
  expect(judgeHolder(lock, { hostName: lock.host, process: () => found }).dead).toBe(dead);
});

test("nobody is proven dead from another machine", () => {
  const { dead, why } = judgeHolder(lock, { hostName: "laptop", process: () => undefined });
  expect(dead).toBe(false);
  expect(why).toContain(lock.host);
});

test("this machine: a living process since when, and one that was killed", async () => {
  const before = Date.now();
  const child = spawn("sleep", ["60"]);
  const pid = child.pid!;
  const found = thisMachine.process(pid);
  expect(found).toMatchObject({ program: "sleep" });
  const { started } = found as { started: Date };
  // The kernel tells its boot in whole seconds.
  expect(Math.abs(started.getTime() - before)).toBeLessThan(3000);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  expect(thisMachine.process(pid)).toBeUndefined();
});

test("a plugin whose engine is gone is found by the folder that it works in, and no other", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plugin-"));
  const plugin = join(folder, "pulumi-resource-test");
  spawnSync("cp", ["/bin/sleep", plugin]);
  // As the engine starts it: where the program lies.
  const programFolder = join(folder, "bin");
  mkdirSync(programFolder);
  const child = spawn(plugin, ["60"], { cwd: programFolder });
  const orphans = () => orphanedPlugins(folder);
  try {
    await new Promise((resolve) => child.once("spawn", resolve));
    expect(orphans()).toEqual([{ pid: child.pid, program: "pulumi-resource" }]);
    expect(orphanedPlugins(folder.slice(0, -1))).toEqual([]);
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true });
  }
  expect(orphans()).toEqual([]);
});
