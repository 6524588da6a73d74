/** `npm run recover`: after an interrupted `up`, makes way for the next one. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { projectName } from "../config/site-files";
import { MachineKeeper, type UnknownMachine } from "../recover/machines";
import { orphanedPlugins, thisMachine } from "../recover/processes";
import { PulumiFailed, recover, type Means, type PulumiRun } from "../recover/recovery";
import { renderSteps } from "../recover/report";
import { CommandError, exitCodes, projectRoot, runCommand, UsageError } from "./command";
import { readPlannedSite } from "./planned-site";
import { runPulumi, stackConfig, tryPulumi } from "./pulumi-config";

const help = `npm run recover -- STACK [--dry-run] [--yes] [--remove MACHINE ...] [--json] [--config-file FILE]

After an \`up\` that was interrupted: lifts the lock, if its holder is proven dead; brings what vCenter has made meanwhile into
state, with pulumi's own commands; removes machines that were begun and not finished, after asking; and leaves the rest to
\`pulumi up --refresh\`. Run it on the machine where \`up\` ran. docs/interrupted-up.md says what it does and why.

  --dry-run           only says what it found
  --yes               removes without asking machines that the interrupted run began
  --remove MACHINE    removes without asking a machine of ours that is in no state, whoever made it
  --json              {"version": 1, "stack", "clear", "steps": [{what, subject, outcome, detail}]}
  --config-file FILE  the stack's file, where it is not beside Pulumi.yaml
  --root DIR          the project's folder; default: this repository

Exit code 0: nothing is in the way of \`up\`, 1: something is, and it says what, 2: called wrongly.`;

void runCommand({
  help,
  options: {
    "dry-run": { type: "boolean" },
    yes: { type: "boolean" },
    remove: { type: "string", multiple: true, default: [] as string[] },
    json: { type: "boolean" },
    "config-file": { type: "string" },
    root: { type: "string" },
  },
  async run({ json, yes, remove = [], root = projectRoot, ...options }, stacks) {
    const [stack] = stacks;
    if (stack === undefined || stacks.length > 1) throw new UsageError("name one stack");
    const configFile = options["config-file"];
    const look = options["dry-run"] === true;
    const agreed = (machine: UnknownMachine) =>
      remove.includes(machine.name) || (machine.kind === "begun" && (yes === true || ask(machine)));
    try {
      const steps = await recover(meansOf(root, stack, configFile, agreed), look);
      const clear = steps.every(({ outcome }) => outcome !== "blocks" && !outcome.startsWith("would "));
      if (json) console.log(JSON.stringify({ version: 1, stack, clear, steps }, undefined, 2));
      else process.stdout.write(renderSteps(stack, steps, clear));
      return clear ? exitCodes.done : exitCodes.refused;
    } catch (error) {
      if (error instanceof PulumiFailed) throw new CommandError(`${stack}: ${error.message}`);
      throw error;
    }
  },
});

type Agreed = (machine: UnknownMachine) => boolean | Promise<boolean>;

function meansOf(root: string, stack: string, configFile: string | undefined, agreed: Agreed): Means {
  const { site, plan } = readPlannedSite(root, stack, configFile);
  const where = ["--stack", stack, "--non-interactive"];
  const ownFile = configFile === undefined ? [] : ["--config-file", configFile];
  const pulumi = (...args: readonly string[]): PulumiRun => {
    const { status, stdout, stderr } = tryPulumi(root, [...args, "--color", "never", ...where]);
    return { succeeded: status === 0, output: `${stdout}\n${stderr}` };
  };
  return {
    site,
    plan,
    machine: thisMachine,
    exportState: () => runPulumi(root, stack, ["stack", "export", ...where]),
    // A name that is taken, its own: pulumi locks the stack, sees that, and stops. `refresh --preview-only` takes no lock.
    takeLock: () => pulumi("stack", "rename", stack),
    refresh: (targets, options) =>
      pulumi(
        "refresh",
        "--yes",
        "--skip-preview",
        ...options,
        ...targets.flatMap((urn) => ["--target", urn]),
        ...ownFile,
      ),
    cancel: () => pulumi("cancel", "--yes"),
    import: (file) =>
      inFile(file, (path) =>
        pulumi(
          "import",
          "--file",
          path,
          "--yes",
          "--skip-preview",
          "--protect=false",
          "--generate-code=false",
          ...ownFile,
        ),
      ),
    orphans: () => orphanedPlugins(root),
    async openVcenter() {
      const password = stackConfig({ root, stack, configFile })
        .read()
        .get(`${projectName(root)}:vcenterPassword`);
      if (!password) throw new CommandError(`${stack}: vcenterPassword is not set`);
      const keeper = await MachineKeeper.connect(site, password);
      return {
        settled: () => keeper.settled(),
        unknown: (known, begun) => keeper.unknown(site, plan, known, begun),
        remove: (machine) => keeper.remove(machine),
        close: () => keeper.close(),
      };
    },
    agreesToRemove: async (machine) => agreed(machine),
  };
}

function inFile<T>(content: unknown, use: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "recover-"));
  try {
    const path = join(folder, "import.json");
    writeFileSync(path, JSON.stringify(content));
    return use(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Nobody at a terminal is a no. */
async function ask({ name }: UnknownMachine): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test(await terminal.question(`Remove the half-made machine ${name} from vCenter? [y/N] `));
  } finally {
    terminal.close();
  }
}
