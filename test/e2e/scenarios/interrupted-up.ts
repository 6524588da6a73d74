import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "../../../lab/paths";
import { waitFor } from "../../../lab/run";
import { projectName } from "../../../config/site-files";
import { identity, lab, pulumiFails } from "../../support/lab";
import { vcenterSnapshot } from "../../support/lab-snapshot";
import { deployment, type StateResource } from "../../support/lab-state";
import { destroyAll } from "./empty-again";
import { expectNoChanges } from "./no-changes";

/** Starts `up` and kills it, with all that it started, once `moment` has come. */
async function killUp(moment: () => Promise<boolean>): Promise<void> {
  const { operator, prepared, stack } = lab();
  const up = stack.arguments(["up", "--yes", "--skip-preview", "--color", "never"]);
  const [program, ...args] = operator.command([prepared.toolchain.paths.pulumi, ...up]);
  // A session of its own, so that the language host and the plugins die with the engine, as with a machine.
  const child = spawn(program, args, { env: operator.env, cwd: repository, detached: true, stdio: "ignore" });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  try {
    await waitFor("the moment to kill up", 120_000, async () => {
      if (child.exitCode !== null) throw new Error(`up ended by itself with ${child.exitCode}`);
      return (await moment()) || undefined;
    });
  } finally {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
    await ended;
  }
}

interface Checkpoint {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly { readonly resource: StateResource; readonly type: string }[];
}

/** What state knows while `up` runs; the engine writes it after every step. */
async function stateOf(): Promise<Checkpoint> {
  const folder = join(identity.directory, "state", ".pulumi", "stacks", projectName(repository));
  const text = await readFile(join(folder, `${identity.site}.json`), "utf8");
  return (JSON.parse(text) as { checkpoint: { latest?: Checkpoint } }).checkpoint.latest ?? {};
}

/** Machines are there and known, and `up` waits for their first boots: all but the last router, which waits for the first. */
async function machinesBoot(): Promise<boolean> {
  const { resources = [], pending_operations: pending = [] } = await stateOf();
  const machines = resources.filter(({ type, id }) => type === "vsphere:index/virtualMachine:VirtualMachine" && id);
  const waiting = pending.filter(({ resource, type }) => type === "creating" && resource.urn.endsWith("-ready"));
  return machines.length === lab().plan.hosts.length - 1 && waiting.length > 0 && waiting.length === pending.length;
}

export function interruptedUp(): void {
  describe("an up that is killed half-way", () => {
    test("leaves a lock, which the next up respects, and something begun", async () => {
      await killUp(machinesBoot);
      expect(await pulumiFails(["up", "--yes", "--skip-preview", "--color", "never"])).toContain("lock");
      expect((await stateOf()).pending_operations ?? []).not.toEqual([]);
    });

    test("is finished by the next one, without a second machine of any name", async () => {
      // As docs/interrupted-up.md says. What was begun are questions to hosts: they leave nothing behind in vCenter.
      await lab().pulumi(["cancel", "--yes"]);
      await lab().pulumi(["refresh", "--yes", "--clear-pending-creates", "--skip-preview", "--color", "never"]);
      await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never"]);
      const machines = (await vcenterSnapshot()).filter(
        (line) => line.startsWith("VirtualMachine ") && line.includes(`/${lab().plan.folder}/`),
      );
      expect(machines.map((line) => line.split("/").pop()?.split(" ")[0]).sort()).toEqual(
        lab()
          .plan.hosts.map(({ vmName }) => vmName)
          .sort(),
      );
      expect((await deployment()).pending_operations ?? []).toEqual([]);
      await expectNoChanges();
    });

    test("and is destroyed like any other", destroyAll);
  });
}
