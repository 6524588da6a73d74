/** New connections from the office, 100 a second, while something happens. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { repository } from "../../lab/paths";
import type { ConnectReport } from "./connect-probe";
import { lab } from "./lab";

/** Milliseconds of connections before and after: what comes late belongs to it, too. */
const margin = 1500;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Does something and says what clients of that address saw of it. */
export async function connectionsDuring(
  address: string,
  port: number,
  work: () => Promise<unknown>,
): Promise<ConnectReport> {
  const { operator } = lab();
  const probe = join(repository, "bin", "test", "support", "connect-probe.js");
  const [program, ...args] = operator.command([process.execPath, probe, address, String(port)]);
  const child = spawn(program, args, { env: operator.env, stdio: ["pipe", "pipe", "inherit"] });
  const report = text(child.stdout);
  try {
    await pause(margin);
    await work();
    await pause(margin);
  } finally {
    child.stdin.end();
  }
  return JSON.parse(await report) as ConnectReport;
}
