/** The end of what start.ts measures. */
import { writeSync } from "node:fs";

/** Prints the milliseconds of processor time that this process took so far, and ends it. */
export function started(): never {
  const { user, system } = process.cpuUsage();
  writeSync(process.stdout.fd, String((user + system) / 1000));
  process.removeAllListeners("exit"); // Pulumi would complain about what stays undone
  process.exit();
}
