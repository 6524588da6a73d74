/** Processes by their session (setsid(2)): what a program started belongs to it, whatever became of the program itself. */
import { readdirSync, readFileSync } from "node:fs";
import { waitFor } from "../../lab/run";

/** The session's number is the sixth field; the second is a name in brackets that may hold anything (proc(5)). */
function sessionOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]);
  } catch {
    return undefined;
  }
}

const processesOf = (session: number): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && sessionOf(name) === session)
    .map(Number);

/**
 * Ends all processes of a session. The program of a stack whose engine was killed does not end by itself: it tries for ever
 * to tell the engine so, with a whole processor.
 */
export async function endSession(session: number): Promise<void> {
  await waitFor(`the processes of session ${session} to end`, 10_000, () => {
    const left = processesOf(session);
    for (const pid of left) process.kill(pid, "SIGKILL");
    return Promise.resolve(left.length === 0 || undefined);
  });
}
