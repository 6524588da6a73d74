/** A stack's secrets and outputs, through the `pulumi` program: it alone knows how they are encrypted. Values travel over pipes only. */
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { CommandError } from "./command";

export interface StackConfig {
  /** Secret and plain keys that are set, decrypted, by full name (`project:key`). */
  read(): ReadonlyMap<string, string>;
  /** Sets a secret; the value goes over standard input, never into the arguments. */
  setSecret(key: string, value: string): void;
}

export interface StackConfigOptions {
  readonly root: string;
  readonly stack: string;
  /** A stack file elsewhere than beside Pulumi.yaml. */
  readonly configFile?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

export function stackConfig({ root, stack, configFile, environment }: StackConfigOptions): StackConfig {
  const where = [
    "--stack",
    stack,
    "--non-interactive",
    ...(configFile === undefined ? [] : ["--config-file", configFile]),
  ];
  const pulumi = (args: readonly string[], input?: string): string =>
    runPulumi(root, stack, [...args, ...where], { ...process.env, ...environment }, input);
  return {
    read: () => parseConfig(stack, pulumi(["config", "--show-secrets", "--json"])),
    setSecret: (key, value) => void pulumi(["config", "set", "--secret", key], value),
  };
}

/**
 * A stack's output, secrets in clear; undefined where the stack has none of that name.
 */
export function stackOutput({ root, stack, environment }: StackConfigOptions, name: string): unknown {
  const command = ["stack", "output", "--json", "--show-secrets", "--stack", stack, "--non-interactive"];
  const outputs = runPulumi(root, stack, command, { ...process.env, ...environment });
  return (JSON.parse(outputs) as Readonly<Record<string, unknown>>)[name];
}

/** Runs `pulumi`, however it ends. */
export function tryPulumi(
  root: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  input = "",
): SpawnSyncReturns<string> {
  const done = spawnSync("pulumi", args, { cwd: root, env, input, encoding: "utf8", maxBuffer: 1 << 30 });
  if (done.error !== undefined) {
    throw new CommandError(`pulumi cannot be run (${done.error.message}). Remedy: install it, or put it on the PATH`);
  }
  return done;
}

/** Runs `pulumi`; what it wrote. Throws with its own words, and what to do, where it failed. */
export function runPulumi(
  root: string,
  stack: string,
  args: readonly string[],
  env?: NodeJS.ProcessEnv,
  input?: string,
): string {
  const done = tryPulumi(root, args, env, input);
  if (done.status !== 0)
    throw new CommandError(`${stack}: pulumi ${args[0]} failed\n${done.stderr.trim()}${remedy(stack, done.stderr)}`);
  return done.stdout;
}

function remedy(stack: string, message: string): string {
  if (message.includes("no stack named")) return `\nRemedy: pulumi stack init ${stack}`;
  if (message.includes("passphrase"))
    return "\nRemedy: export PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE";
  return "";
}

/** `pulumi config --json`: each key with its value; a structured one as JSON text, as programs get it, too. */
function parseConfig(stack: string, json: string): ReadonlyMap<string, string> {
  const entries = Object.entries(JSON.parse(json) as Record<string, { readonly value?: string }>);
  return new Map(
    entries.map(([key, entry]) => {
      if (entry.value === undefined) throw new CommandError(`${stack}: ${key} could not be decrypted`);
      return [key, entry.value];
    }),
  );
}
