import { spawn } from "node:child_process";
import { open, readFile, rm, writeFile } from "node:fs/promises";
import { waitFor } from "./run";

/** A process of ours: its number alone could by now be somebody else's, so its start time goes with it. */
export interface ProcessRecord {
  readonly pid: number;
  /** Clock ticks since boot at which it started (proc(5), /proc/PID/stat, field 22). */
  readonly startTime: string;
}

async function startTime(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the program's name in parentheses and may hold anything.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

async function readRecord(file: string): Promise<ProcessRecord | undefined> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as ProcessRecord);
}

/** Does this very process still run? */
export async function isRunningProcess(record: ProcessRecord): Promise<boolean> {
  return (await startTime(record.pid)) === record.startTime;
}

/** Does the process that a file names still run? */
export async function isRunning(recordFile: string): Promise<boolean> {
  const record = await readRecord(recordFile);
  return record !== undefined && isRunningProcess(record);
}

/** Starts a program that outlives us, its output in a file, and records it. Throws if it ends before `ready` holds. */
export async function startDetached(
  command: readonly string[],
  files: { readonly record: string; readonly log: string },
  ready: (log: string) => boolean,
  timeout: number,
): Promise<void> {
  const log = await open(files.log, "w", 0o600);
  const child = spawn(command[0], command.slice(1), { detached: true, stdio: ["ignore", log.fd, log.fd] });
  let ended: string | undefined;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended = `ended with ${signal ?? code}`));
  await log.close();
  if (child.pid !== undefined) {
    const record: ProcessRecord = { pid: child.pid, startTime: (await startTime(child.pid)) ?? "ended" };
    await writeFile(files.record, JSON.stringify(record));
  }
  await waitFor(`${command.join(" ")} (${files.log})`, timeout, async () => {
    const text = await readFile(files.log, "utf8");
    if (ended !== undefined) return { failure: `${ended}: ${text.trim().split("\\n").slice(-5).join("; ")}` };
    return ready(text) ? {} : undefined;
  }).then((result: { failure?: string }) => {
    if (result.failure) throw new Error(`${command.join(" ")}: ${result.failure}`);
  });
  child.unref();
}

/** Ends the recorded process, by SIGTERM and after `grace` milliseconds by SIGKILL, and forgets it. */
export async function stopRecorded(recordFile: string, grace: number): Promise<boolean> {
  const record = await readRecord(recordFile);
  const runs = async () => record !== undefined && isRunningProcess(record);
  const ran = await runs();
  if (record && ran) {
    process.kill(record.pid, "SIGTERM");
    const gone = () => waitFor(`process ${record.pid} to end`, grace, async () => ((await runs()) ? undefined : true));
    await gone().catch(async () => {
      if (await runs()) process.kill(record.pid, "SIGKILL");
      await gone();
    });
  }
  await rm(recordFile, { force: true });
  return ran;
}
