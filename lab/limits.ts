/** Limits of this machine's kernel that a lab's guests share. */
import { readFile, writeFile } from "node:fs/promises";
import type { Progress } from "./progress";

/** A guest's systemd and its services hold about ten inotify instances; 128, the kernel's default, is one lab's. */
const inotifyInstances = { file: "/proc/sys/fs/inotify/max_user_instances", enough: 1024 };

/** Raises what is too low for two labs at once, until the machine's next boot, and says so. Nothing is ever lowered. */
export async function ensureLimits(progress: Progress): Promise<void> {
  const { file, enough } = inotifyInstances;
  if (Number(await readFile(file, "utf8")) >= enough) return;
  await writeFile(file, `${enough}\n`);
  progress.say(`${file}: raised to ${enough}, since guests share it`);
}
