import { spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Runs `work` while holding an exclusive lock on a file, so that two labs build a shared thing once.
 * flock(1) holds it for us: the kernel lets go when we end, however we end, so a killed `up` leaves no stale lock.
 */
export async function withLock<T>(file: string, work: () => Promise<T>, onWait?: () => void): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const holder = spawn("flock", [file, "sh", "-c", "echo held; exec cat"], { stdio: ["pipe", "pipe", "inherit"] });
  const waiting = setTimeout(() => onWait?.(), 1000);
  try {
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once("data", () => resolve());
      holder.once("error", reject);
      holder.once("exit", (code) =>
        reject(new Error(`${file}: flock ended with code ${code} before it held the lock`)),
      );
    }).finally(() => clearTimeout(waiting));
    return await work();
  } finally {
    holder.stdin.end();
  }
}
