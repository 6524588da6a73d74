/** What is done after an interrupted `up`, in the order in which it is safe; `up` itself does the rest. */
import { setTimeout } from "node:timers/promises";
import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";
import { importOf, saysMissing, type ImportFile } from "./adoption";
import { judgeHolder, locksIn, type Lock, type Machine } from "./lock";
import type { UnknownMachine } from "./machines";
import type { Orphan } from "./processes";
import { nameOf, parseState, type PendingOperation, type State } from "./state";

/** The end of a pulumi command. */
export interface PulumiRun {
  readonly succeeded: boolean;
  readonly output: string;
}

/** What recovery acts with. */
export interface Means {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly machine: Machine;
  /** The text of `pulumi stack export`. */
  exportState(): string;
  /** A command that takes the lock, as every change does, and then changes nothing. */
  takeLock(): PulumiRun;
  /** `pulumi refresh` of some resources, by URN. */
  refresh(targets: readonly string[], options: readonly string[]): PulumiRun;
  cancel(): PulumiRun;
  import(file: ImportFile): PulumiRun;
  orphans(): readonly Orphan[];
  openVcenter(): Promise<{
    settled(): Promise<void>;
    unknown(known: ReadonlySet<string>, begun: ReadonlySet<string>): Promise<readonly UnknownMachine[]>;
    remove(machine: UnknownMachine): Promise<void>;
    close(): Promise<void>;
  }>;
  /** Asks a person. */
  agreesToRemove(machine: UnknownMachine): Promise<boolean>;
}

/** One line of the report. */
export interface Step {
  readonly what: "lock" | "plugin" | "creation" | "operation" | "machine";
  readonly subject: string;
  /** `blocks`: somebody has to act before `up` can go on. */
  readonly outcome:
    | "lifted"
    | "would lift"
    | "adopted"
    | "would adopt"
    | "forgotten"
    | "would forget"
    | "removed"
    | "would remove"
    | "blocks";
  readonly detail: string;
}

const machineType = "vsphere:index/virtualMachine:VirtualMachine";

/** How long plugins get to end by themselves once their engine is gone. */
const patience = { seconds: 30 };

/** Says what it found; does something about it unless it is only to look. */
export async function recover(means: Means, look: boolean): Promise<readonly Step[]> {
  const state = parseState(means.exportState());
  const locks = lockSteps(means, look);
  if (blocked(locks)) return locks;
  const plugins = await pluginSteps(means);
  if (blocked(plugins)) return [...locks, ...plugins];
  if (!look && locks.length > 0) must(means.cancel(), "pulumi cancel");
  const machines = await machineSteps(means, state, look);
  // As long as a half-made machine is there, state is to remember that it was begun.
  const pending = blocked(machines) && !look ? [] : pendingSteps(means, state, look);
  return [...locks, ...machines, ...pending];
}

const blocked = (steps: readonly Step[]): boolean => steps.some(({ outcome }) => outcome === "blocks");

function lockSteps(means: Means, look: boolean): readonly Step[] {
  const answer = locksIn(means.takeLock().output);
  if (answer === undefined) return [];
  if ("unnamed" in answer) return [{ what: "lock", subject: "state", outcome: "blocks", detail: answer.unnamed }];
  return answer.locks.map((lock): Step => {
    const { dead, why } = judgeHolder(lock, means.machine);
    const outcome = dead ? (look ? "would lift" : "lifted") : "blocks";
    return { what: "lock", subject: lockText(lock), outcome, detail: why };
  });
}

const lockText = ({ user, host, pid, since }: Lock): string =>
  `${user}@${host}, process ${pid}, since ${since.toISOString()}`;

async function pluginSteps(means: Means): Promise<readonly Step[]> {
  for (let second = 0; second < patience.seconds && means.orphans().length > 0; second += 1) await setTimeout(1000);
  return means.orphans().map(({ pid, program }) => ({
    what: "plugin",
    subject: `${program}, process ${pid}`,
    outcome: "blocks",
    detail: "outlived its engine and may still be at work: end it, then recover again",
  }));
}

async function machineSteps(means: Means, { resources, pending }: State, look: boolean): Promise<readonly Step[]> {
  const known = new Set(resources.flatMap(({ type, id }) => (type === machineType && id ? [id] : [])));
  const begun = new Set(
    pending.flatMap(({ resource, type }) =>
      resource.type === machineType && type === "creating" ? [String(resource.inputs.name)] : [],
    ),
  );
  const vcenter = await means.openVcenter();
  try {
    await vcenter.settled();
    const steps: Step[] = [];
    for (const machine of await vcenter.unknown(known, begun)) {
      const { kind, name, uuid } = machine;
      const subject = `${name} (${uuid})`;
      if (kind === "stranger") {
        steps.push({
          what: "machine",
          subject,
          outcome: "blocks",
          detail: "has a planned name, lies in the site's folder, and nothing says that it is ours",
        });
      } else if (look) {
        steps.push({ what: "machine", subject, outcome: "would remove", detail: reasons[kind] });
      } else if (await means.agreesToRemove(machine)) {
        await vcenter.remove(machine);
        steps.push({
          what: "machine",
          subject,
          outcome: "removed",
          detail: [reasons[kind], ...machine.foreignDisks.map((disk) => `${disk} stays`)].join("; "),
        });
      } else {
        steps.push({
          what: "machine",
          subject,
          outcome: "blocks",
          detail: `${reasons[kind]}; it was not to be removed`,
        });
      }
    }
    return steps;
  } finally {
    await vcenter.close();
  }
}

const reasons = {
  begun: "a run began to make it and did not come to its end",
  marked: "it is one of ours by name and note, and in no state",
} as const;

function pendingSteps(means: Means, state: State, look: boolean): readonly Step[] {
  if (state.pending.length === 0) return [];
  const steps = state.pending.map((operation) => pendingStep(means, operation, look));
  if (!look) {
    const known = new Set(parseState(means.exportState()).resources.map(({ urn }) => urn));
    const targets = state.pending.map(({ resource }) => resource.urn).filter((urn) => known.has(urn));
    const where = targets.length > 0 ? targets : rootOf(state.resources);
    must(means.refresh(where, ["--clear-pending-creates"]), "pulumi refresh --clear-pending-creates");
  }
  return steps;
}

function pendingStep(means: Means, operation: PendingOperation, look: boolean): Step {
  const { resource, type } = operation;
  const subject = nameOf(resource.urn);
  if (type !== "creating") {
    const detail = `was being ${type.replace(/ing$/, "ed")}: read again`;
    return { what: "operation", subject, outcome: look ? "would forget" : "forgotten", detail };
  }
  const file = importOf(operation, means.site, parseState(means.exportState()));
  const nothing = { what: "creation", subject, outcome: look ? "would forget" : "forgotten" } as const;
  if (file === undefined) return { ...nothing, detail: "the next up begins it anew" };
  if (look) return { ...nothing, outcome: "would adopt", detail: "if vCenter has it" };
  const done = means.import(file);
  if (done.succeeded)
    return { what: "creation", subject, outcome: "adopted", detail: `vCenter had it: ${file.resources[0].id}` };
  if (!saysMissing(done.output)) must(done, `pulumi import of ${subject}`);
  return { ...nothing, detail: "vCenter does not have it" };
}

const rootOf = (resources: State["resources"]): readonly string[] =>
  resources.filter(({ type }) => type === "pulumi:pulumi:Stack").map(({ urn }) => urn);

/** A command of pulumi's that failed for a reason that recovery knows nothing of. */
export class PulumiFailed extends Error {}

function must({ succeeded, output }: PulumiRun, command: string): void {
  if (!succeeded) throw new PulumiFailed(`${command} failed\n${output.trim()}`);
}
