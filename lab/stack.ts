/** The lab's Pulumi stack: the real site file with the overlay, state in a folder of the lab, secrets under a passphrase. */
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { projectName } from "../config/site-files";
import { stackConfig } from "../tools/pulumi-config";
import type { Overlay } from "./overlay";
import { applyOverlay } from "./overlay";
import type { LabIdentity } from "./paths";
import { repository } from "./paths";
import { run } from "./run";
import type { Toolchain } from "./toolchain";

export interface Stack {
  /** `.lab/run/<name>/Pulumi.<site>.yaml`. */
  readonly file: string;
  /** What `pulumi` needs to find the state, the passphrase and its plugins. */
  readonly environment: NodeJS.ProcessEnv;
  /** Writes the stack file from the real one; secrets that it has already stay. */
  writeFile(overlay: Overlay): Promise<void>;
  /** Sets secrets that do not have these values yet. */
  setSecrets(values: Readonly<Record<string, string>>): void;
  /** Generates the secrets that are random, where they are missing, with the product's own command. */
  generateSecrets(): Promise<void>;
  /** All values in clear, for the lab's own use. */
  values(): Readonly<Record<string, string>>;
  /** Does the state hold resources? */
  isDeployed(): Promise<boolean>;
  /** Empties the state, where what it describes is gone: the lab's vCenter lives in memory and began anew. */
  forget(): Promise<void>;
  /** Arguments that make a pulumi command act on this stack. */
  arguments(command: readonly string[]): string[];
}

interface StackFile {
  encryptionsalt?: string;
  config: Record<string, unknown>;
}

/** The parts of a file backend's checkpoint that are used here. */
interface StateFile {
  checkpoint?: { latest?: { resources?: unknown[]; pending_operations?: unknown[] } };
}

const isSecret = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  ("secure" in value || Object.values(value as Record<string, unknown>).some(isSecret));

/** Commands that act on the stack's configuration and so take its file. */
const takesConfigFile = new Set(["up", "preview", "destroy", "refresh", "config", "import"]);

export function openStack(lab: LabIdentity, toolchain: Toolchain, passphrase: string): Stack {
  const project = projectName(repository);
  const file = join(lab.directory, `Pulumi.${lab.site}.yaml`);
  const state = join(lab.directory, "state");
  const stateFile = join(state, ".pulumi", "stacks", project, `${lab.site}.json`);
  const environment = {
    ...toolchain.env,
    PULUMI_BACKEND_URL: `file://${state}`,
    PULUMI_CONFIG_PASSPHRASE: passphrase,
    PULUMI_HOME: join(lab.directory, "pulumi-home"),
  };
  const env = { ...process.env, ...environment };
  const args = ([verb, ...rest]: readonly string[]) => {
    const stackFile = takesConfigFile.has(verb) ? ["--config-file", file] : [];
    return [verb, ...rest, "--stack", lab.site, "--non-interactive", ...stackFile];
  };
  /** `stack init` writes a stack file beside Pulumi.yaml, so it works in a project folder of its own. */
  async function init(): Promise<string> {
    const folder = join(lab.directory, "init");
    await mkdir(folder, { recursive: true });
    await mkdir(state, { recursive: true, mode: 0o700 });
    await writeFile(join(folder, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
    const made = join(folder, `Pulumi.${lab.site}.yaml`);
    if (!existsSync(stateFile)) {
      const command = [
        "stack",
        "init",
        lab.site,
        "--no-select",
        "--secrets-provider",
        "passphrase",
        "--non-interactive",
      ];
      await run([toolchain.paths.pulumi, ...command], { env, cwd: folder });
    }
    const salt = (parseDocument(await readFile(made, "utf8")).toJS() as StackFile).encryptionsalt;
    if (!salt) throw new Error(`${made}: pulumi wrote no encryptionsalt`);
    return salt;
  }

  async function readStackFile(): Promise<StackFile> {
    const text = await readFile(file, "utf8").catch(() => "config: {}");
    return parseDocument(text).toJS() as StackFile;
  }

  async function readState(): Promise<StateFile> {
    return JSON.parse(await readFile(stateFile, "utf8").catch(() => "{}")) as StateFile;
  }

  const configuration = stackConfig({ root: repository, stack: lab.site, configFile: file, environment });
  const values = () =>
    Object.fromEntries([...configuration.read()].map(([key, value]) => [key.replace(`${project}:`, ""), value]));

  return {
    file,
    environment,
    values,
    arguments: args,
    async writeFile(overlay) {
      const salt = await init();
      const known = await readStackFile();
      const text = applyOverlay(await readFile(join(repository, `Pulumi.${lab.site}.yaml`), "utf8"), project, overlay);
      const document = parseDocument(text);
      document.set("encryptionsalt", salt);
      for (const [key, value] of Object.entries(known.config)) {
        if (isSecret(value)) document.setIn(["config", key], value);
      }
      await writeFile(`${file}.next`, document.toString({ lineWidth: 0 }), { mode: 0o600 });
      await rename(`${file}.next`, file);
    },
    setSecrets(wanted) {
      const known = values();
      for (const [key, value] of Object.entries(wanted)) {
        if (known[key] !== value) configuration.setSecret(key, value);
      }
    },
    async generateSecrets() {
      const command = join(repository, "bin", "tools", "secrets.js");
      await run([process.execPath, command, lab.site, "--config-file", file], { env, cwd: repository });
    },
    async isDeployed() {
      return ((await readState()).checkpoint?.latest?.resources?.length ?? 0) > 0;
    },
    async forget() {
      const state = await readState();
      if (!state.checkpoint?.latest) return;
      Object.assign(state.checkpoint.latest, { resources: [], pending_operations: [] });
      await writeFile(`${stateFile}.next`, JSON.stringify(state));
      await rename(`${stateFile}.next`, stateFile);
    },
  };
}

/** Locks that an interrupted `pulumi` left in the state's folder. Only one lab command runs at a time, so nobody holds them. */
export async function staleLocks(stack: Stack): Promise<string[]> {
  const state = (stack.environment.PULUMI_BACKEND_URL ?? "").replace("file://", "");
  const entries = await readdir(join(state, ".pulumi", "locks"), { recursive: true }).catch(() => []);
  return entries.filter((name) => name.endsWith(".json"));
}
