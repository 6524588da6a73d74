/** What a check of preflight found: a fault whose site and severity preflight adds. */
import type { Fault } from "../../config/fault";

export type Finding = Omit<Fault, "site" | "severity">;
