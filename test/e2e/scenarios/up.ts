import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { identity, lab, progress } from "../../support/lab";
import { vcenterSnapshot } from "../../support/lab-snapshot";
import { deployment } from "../../support/lab-state";
import { engineLogs } from "../../support/lab-evidence";

/** Keeps what vCenter held before the first `up`, also for a run that goes on with a kept lab. */
const snapshotFile = () => join(identity.directory, "empty-vcenter.json");

export const keepEmptyVcenter = (lines: readonly string[]): void =>
  writeFileSync(snapshotFile(), JSON.stringify(lines));

/** What destroy must bring vCenter back to. */
export const emptyVcenter = (): string[] => JSON.parse(readFileSync(snapshotFile(), "utf8")) as string[];

/** Machines that the tests have put on the VLAN themselves: they are no part of the region. */
export const ownMachines = (line: string): boolean => /^namespace \S+-(node|stranger)$/.test(line);

export function upFromEmpty(): void {
  test("up from an empty vCenter", async () => {
    const { resources = [] } = await deployment();
    expect(resources.filter(({ type }) => type !== "pulumi:pulumi:Stack")).toEqual([]);
    keepEmptyVcenter(await vcenterSnapshot());
    expect(emptyVcenter().filter((line) => line.includes(lab().plan.folder))).toEqual([]);
    const began = Date.now();
    // As talkative as pulumi may be: from level 3 on, and with --debug, it prints itself what it sends to its plugins and
    // gets back, secrets too (docs/pipelines.md). What it says is searched for secrets later on.
    const talk = ["--logtostderr", "--logflow", "-v=2"];
    const { stdout, stderr } = await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never", ...talk]);
    progress.say(`up from empty took ${(Date.now() - began) / 1000} s`);
    writeFileSync(engineLogs("up.stdout"), stdout, { mode: 0o600 });
    writeFileSync(engineLogs("up.stderr"), stderr, { mode: 0o600 });
    const machines = (await vcenterSnapshot()).filter((line) => line.startsWith("VirtualMachine "));
    for (const { vmName } of lab().plan.hosts) {
      expect(machines.filter((line) => line.includes(`/${lab().plan.folder}/${vmName} `))).toHaveLength(1);
    }
  });
}
