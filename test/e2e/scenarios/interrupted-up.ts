import { spawn } from "node:child_process";
import { existsSync, readFileSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { namespaceName, repository } from "../../../lab/paths";
import { waitFor } from "../../../lab/run";
import { vcenterState } from "../../../lab/vcenter";
import { projectName } from "../../../config/site-files";
import type { Step } from "../../../recover/recovery";
import { host, identity, lab, progress, pulumiFails } from "../../support/lab";
import { vcenterSnapshot } from "../../support/lab-snapshot";
import { deployment, type StateResource } from "../../support/lab-state";
import { endSession } from "../../support/sessions";
import { destroyAll } from "./empty-again";
import { expectNoChanges } from "./no-changes";

interface Checkpoint {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly { readonly resource: StateResource; readonly type: string }[];
}

const stateFile = () =>
  join(identity.directory, "state", ".pulumi", "stacks", projectName(repository), `${identity.site}.json`);

/** What state knows while `up` runs; the engine writes it after every step. */
function stateOf(): Checkpoint {
  try {
    const state = JSON.parse(readFileSync(stateFile(), "utf8")) as { checkpoint: { latest?: Checkpoint } };
    return state.checkpoint.latest ?? {};
  } catch {
    // Read in the middle of a write.
    return {};
  }
}

const isBegun = (name: string): boolean =>
  (stateOf().pending_operations ?? []).some(
    ({ resource, type }) => type === "creating" && resource.urn.endsWith(`::${name}`),
  );

/** Resolves at the first write of the state after which it holds; a moment is shorter than a poll. */
function untilState(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    // Of itself it keeps no process alive, where `up` ends before the moment comes.
    const watcher = watch(dirname(stateFile()), { persistent: false }, () => {
      if (!holds()) return;
      watcher.close();
      resolve();
    });
  });
}

interface Interruption {
  /** When to strike. */
  readonly moment: () => Promise<unknown>;
  /** The engine is stopped this long before it is killed: what its plugins then finish, it never learns. */
  readonly deafSeconds?: number;
  /** Its plugins and language host outlive it, as where somebody kills `pulumi` by its process id. */
  readonly engineOnly?: boolean;
}

/** Starts `up` and kills it; its own child, so that nothing else of this machine is struck. Returns the id of its session. */
async function killUp({ moment, deafSeconds = 0, engineOnly = false }: Interruption): Promise<number> {
  const { operator, prepared, stack } = lab();
  const up = stack.arguments(["up", "--yes", "--skip-preview", "--color", "never"]);
  const [program, ...args] = operator.command([prepared.toolchain.paths.pulumi, ...up]);
  // A session of its own, so that the language host and the plugins can die with the engine, as with a machine.
  const child = spawn(program, args, { env: operator.env, cwd: repository, detached: true, stdio: "ignore" });
  const pid = child.pid!;
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  try {
    await Promise.race([
      moment(),
      ended.then((code) => {
        throw new Error(`up ended by itself with ${code}`);
      }),
    ]);
    if (deafSeconds > 0) {
      process.kill(pid, "SIGSTOP");
      await new Promise((resolve) => setTimeout(resolve, deafSeconds * 1000));
    }
  } finally {
    if (child.exitCode === null) process.kill(pid, "SIGKILL");
    await ended;
    if (!engineOnly) await endSession(pid);
  }
  return pid;
}

interface Recovery {
  readonly code: number | null;
  readonly clear: boolean;
  readonly steps: readonly Step[];
}

/** `npm run recover`, as the person who ran `up` calls it. */
async function recovery(...options: readonly string[]): Promise<Recovery> {
  const { operator, prepared, stack } = lab();
  const env = [`PATH=${dirname(prepared.toolchain.paths.pulumi)}:${operator.env.PATH}`];
  const tool = [process.execPath, join(repository, "bin/tools/recover.js"), identity.site];
  const command = ["env", ...env, ...tool, "--config-file", stack.file, "--json", ...options];
  const { code, stdout, stderr } = await operator.run(command, { accept: "any", cwd: repository });
  if (!stdout.startsWith("{")) throw new Error(`recover failed\n${stdout}\n${stderr}`);
  const report = JSON.parse(stdout) as Omit<Recovery, "code">;
  for (const { what, subject, outcome, detail } of report.steps)
    progress.say(`${outcome} ${what} ${subject}: ${detail}`);
  return { ...report, code };
}

const told = ({ steps }: Recovery) =>
  steps.map(({ what, subject, outcome }) => `${outcome} ${what} ${subject.split(" ")[0]}`);

/** Names of the machines in the site's folder. */
async function machines(): Promise<readonly string[]> {
  const folder = `/${lab().plan.folder}/`;
  return (await vcenterSnapshot())
    .filter((line) => line.startsWith("VirtualMachine ") && line.includes(folder))
    .map((line) => line.split("/").pop()!.split(" ")[0]!)
    .sort();
}

/** Kills `up` of an empty region at a random moment, and has recover and another `up` bring it to its end. */
export async function killedUp(random: () => number): Promise<Readonly<Record<string, number>>> {
  const seconds = 2 + random() * 25;
  progress.say(`kills up after ${seconds.toFixed(1)} s`);
  await killUp({ moment: () => new Promise((resolve) => setTimeout(resolve, seconds * 1000)) });
  const { code, clear, steps } = await recovery("--yes");
  expect({ code, clear }).toEqual({ code: 0, clear: true });
  await lab().pulumi(["up", "--yes", "--refresh", "--skip-preview", "--color", "never"]);
  const planned = lab().plan.hosts.map(({ vmName }) => vmName);
  expect(await machines()).toEqual([...planned].sort());
  expect((await deployment()).pending_operations ?? []).toEqual([]);
  expect((await recovery()).steps).toEqual([]);
  await expectNoChanges();
  const made = (outcome: string) => steps.filter((step) => step.outcome === outcome).length;
  return { killedAfterSeconds: Math.round(seconds), adopted: made("adopted"), removed: made("removed") };
}

export function interruptedUp(): void {
  const site = identity.site;
  const machineBegins = () => {
    const machine = join(vcenterState(identity), "vms", namespaceName(identity, host("capi").vmName));
    return waitFor(
      "the machine capi",
      120_000,
      async () => (existsSync(machine) && isBegun(`${site}-capi-vm`)) || undefined,
    );
  };

  describe("an up that is killed half-way", () => {
    test("at its first objects: what vCenter made and state did not hear of is adopted", async () => {
      await killUp({ moment: () => untilState(() => isBegun(`${site}-capi-data`)), deafSeconds: 3 });
      const begun = (stateOf().pending_operations ?? []).map(({ resource }) => resource.urn.split("::").pop());
      expect(begun).toContain(`${site}-capi-data`);
      expect(await pulumiFails(["up", "--yes", "--skip-preview", "--color", "never"])).toContain("lock");
      const { code, clear, steps } = await recovery();
      expect({ code, clear }).toEqual({ code: 0, clear: true });
      expect(steps.filter(({ outcome }) => outcome === "adopted").map(({ subject }) => subject)).toContain(
        `${site}-capi-data`,
      );
      const { resources = [], pending_operations: pending = [] } = await deployment();
      expect(pending).toEqual([]);
      expect(resources.map(({ urn }) => urn.split("::").pop())).toContain(`${site}-capi-data`);
    });

    test("while machines are made: they are removed once somebody agreed, and the data disk stays", async () => {
      const session = await killUp({ moment: machineBegins, engineOnly: true });
      // The language host goes on without its engine, and would for ever.
      const held = await recovery("--dry-run");
      expect(told(held)).toContain("blocks plugin pulumi-language,");
      await endSession(session);
      const looked = await recovery("--dry-run");
      expect(told(looked)).toContain(`would remove machine ${host("capi").vmName}`);
      const asked = await recovery();
      expect(asked.code).toBe(1);
      expect(told(asked)).toContain(`blocks machine ${host("capi").vmName}`);
      expect(await machines()).toContain(host("capi").vmName);
      const agreed = await recovery("--yes");
      expect({ code: agreed.code, clear: agreed.clear }).toEqual({ code: 0, clear: true });
      expect(await machines()).not.toContain(host("capi").vmName);
      expect((await vcenterSnapshot()).join("\n")).toContain(`${host("capi").vmName}-data`);
    });

    test("at any other moment: recover and up, and there is one machine of each name", () => killedUp(Math.random));

    test("and is destroyed like any other", destroyAll);
  });
}
