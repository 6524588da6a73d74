import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "../../../lab/paths";
import { waitFor } from "../../../lab/run";
import { identity, lab } from "../../support/lab";
import { vcenterSnapshot } from "../../support/lab-snapshot";
import { deployment } from "../../support/lab-state";
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

/** What state knows while `up` runs; the engine writes it after every step. */
async function stateText(): Promise<string> {
  const folder = join(identity.directory, "state", ".pulumi", "stacks");
  return readFile(join(folder, "kubernetes-vsphere", `${identity.site}.json`), "utf8").catch(() => "");
}

export function interruptedUp(): void {
  describe("an up that is killed half-way", () => {
    test("leaves a lock and something begun", async () => {
      const machine = `"id"`;
      await killUp(async () => {
        const text = await stateText();
        return text.includes(`::${identity.site}-jump-vm"`) && text.includes(machine) && text.includes('"creating"');
      });
      await expect(lab().pulumi(["preview", "--color", "never"])).rejects.toThrow(/lock/);
      const { pending_operations: pending = [] } = JSON.parse(await stateText()).checkpoint.latest;
      expect(pending.length).toBeGreaterThan(0);
    });

    test("is finished by the next one, without a second machine of any name", async () => {
      await lab().pulumi(["cancel", "--yes"]);
      await lab().pulumi(["up", "--yes", "--refresh", "--skip-preview", "--color", "never"]);
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
