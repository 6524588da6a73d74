/** What every command here has in common: options, --help, errors without a stack trace, exit codes. */
import { resolve } from "node:path";
import { parseArgs, type ParseArgsConfig } from "node:util";

type ParseArgsOptionsConfig = NonNullable<ParseArgsConfig["options"]>;

/** 0: done. 1: refused, with the reason. 2: called wrongly. */
export const exitCodes = { done: 0, refused: 1, usage: 2 } as const;

/** A reason to stop that a person can act on; anything else that is thrown is a defect and shows its stack. */
export class CommandError extends Error {}

/** A call that the command does not understand. */
export class UsageError extends Error {}

export interface Command<O extends ParseArgsOptionsConfig> {
  /** Text of --help. */
  readonly help: string;
  readonly options: O;
  /** Returns the exit code. */
  readonly run: (
    values: ReturnType<typeof parseArgs<{ options: O; allowPositionals: true }>>["values"],
    positionals: readonly string[],
  ) => number | Promise<number>;
}

/** Compiled tools lie in `bin/tools`. */
export const projectRoot = resolve(__dirname, "../..");

/** Runs a command as the process that was started for it. */
export async function runCommand<O extends ParseArgsOptionsConfig>(command: Command<O>): Promise<void> {
  try {
    process.exitCode = await parseAndRun(command, process.argv.slice(2));
  } catch (error) {
    if (error instanceof UsageError) {
      console.error(`${error.message}\n\n${command.help}`);
      process.exitCode = exitCodes.usage;
    } else if (error instanceof CommandError) {
      console.error(error.message);
      process.exitCode = exitCodes.refused;
    } else throw error;
  }
}

function parseAndRun<O extends ParseArgsOptionsConfig>(
  command: Command<O>,
  args: readonly string[],
): number | Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    console.log(command.help);
    return exitCodes.done;
  }
  const { values, positionals } = parse(command.options, args);
  return command.run(values, positionals);
}

function parse<O extends ParseArgsOptionsConfig>(options: O, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
