/** Runs a Go program's own tests, as one test of ours: its failures by name, and that tests we count on really ran. */
import { run } from "../../lab/run";
import { goEnvironment } from "../../lab/toolchain/build";
import { type ProgramName, programs } from "../../lab/toolchain/programs";

interface TestEvent {
  readonly Action: string;
  readonly Test?: string;
  readonly Output?: string;
}

/**
 * Names of the tests that passed; throws with everything they printed where one failed or nothing could be compiled.
 * With the build's flags, so that what it compiled is used again.
 */
export async function passedGoTests(
  program: ProgramName,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const { directory, cgo } = programs()[program];
  const command = ["go", "test", "-mod=readonly", "-trimpath", "-count=1", "-json", "./..."];
  const env = { ...goEnvironment(cgo ?? false), ...environment };
  const { code, stdout, stderr } = await run(command, { cwd: directory, env, accept: [0, 1] });
  const events = stdout
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as TestEvent);
  const named = (action: string) => events.flatMap(({ Action, Test }) => (Action === action && Test ? [Test] : []));
  if (code !== 0) {
    const said = events.map(({ Output }) => Output ?? "").join("");
    throw new Error(`failed: ${named("fail").join(", ")}\n${said}${stderr}`);
  }
  const skipped = named("skip");
  if (skipped.length > 0) throw new Error(`skipped: ${skipped.join(", ")}`);
  return named("pass");
}
