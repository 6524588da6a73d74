import { spawn } from "node:child_process";

/** How to run one program. */
export interface RunOptions {
  /** Text for the program's standard input; nothing by default. */
  readonly input?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Called for each line of output as it comes, both streams; for progress of long work. */
  readonly onLine?: (line: string) => void;
  /** Exit codes that are no failure; [0] by default. */
  readonly accept?: readonly number[] | "any";
  /** Milliseconds after which the program is ended and the call fails; none by default. */
  readonly timeout?: number;
}

/** What a program left behind. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that could not be started, was ended, or left an exit code that its caller does not accept. */
export class RunError extends Error {
  constructor(
    readonly command: readonly string[],
    readonly result: RunResult,
    reason: string,
  ) {
    // Both: Pulumi gives its reasons on standard output, and only warnings on the other.
    const ends = [result.stdout, result.stderr].map((text) => text.trimEnd().split("\n").slice(-40).join("\n  "));
    const said = ends.filter((end) => end !== "").join("\n  ");
    super(`${command.join(" ")}: ${reason}${said ? `\n  ${said}` : ""}`);
    this.name = "RunError";
  }
}

/** Runs a program without a shell and collects its output. Throws RunError with the end of what it said. */
export function run(command: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const [program, ...args] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ["pipe", "pipe", "pipe"],
      timeout: options.timeout,
    });
    const output = { stdout: "", stderr: "" };
    for (const stream of ["stdout", "stderr"] as const) {
      let rest = "";
      child[stream].setEncoding("utf8");
      child[stream].on("data", (text: string) => {
        output[stream] += text;
        if (!options.onLine) return;
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach(options.onLine);
      });
      child[stream].on("end", () => rest && options.onLine?.(rest));
    }
    child.on("error", (error) => reject(new RunError(command, { code: -1, ...output }, error.message)));
    child.on("close", (code, signal) => {
      const result = { code: code ?? -1, ...output };
      if (signal) reject(new RunError(command, result, `ended by ${signal}`));
      else if (accepts(options.accept, result.code)) resolve(result);
      else reject(new RunError(command, result, `exit code ${result.code}`));
    });
    // A program may end without reading its input; that is its business, its exit code tells.
    child.stdin.on("error", () => undefined);
    child.stdin.end(options.input ?? "");
  });
}

const accepts = (accepted: RunOptions["accept"] = [0], code: number): boolean =>
  accepted === "any" || accepted.includes(code);

/** The command that runs another one with the network of a namespace. */
export function inNamespace(namespace: string, command: readonly string[]): string[] {
  return ["nsenter", `--net=/run/netns/${namespace}`, "--", ...command];
}

/** Asks again and again until `probe` gives a value; fails with its last error once `timeout` milliseconds are over. */
export async function waitFor<T>(
  what: string,
  timeout: number,
  probe: () => Promise<T | undefined>,
  pause = 200,
): Promise<T> {
  const deadline = Date.now() + timeout;
  let last: unknown = "it never held";
  for (;;) {
    try {
      const value = await probe();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      const reason = last instanceof Error ? last.message : String(last);
      throw new Error(`waited ${timeout / 1000} s for ${what}: ${reason}`);
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
