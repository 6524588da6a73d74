/** What the repository holds, in restic's words. */
import { z } from "zod";

export interface Snapshot {
  /** `capi`, or a cluster's name. */
  readonly cluster: string;
  readonly id: string;
  /** RFC 3339. */
  readonly time: string;
}

/** As much of restic's answer as is used. Source: https://restic.readthedocs.io/en/stable/075_scripting.html#snapshots */
const answer = z.array(z.object({ hostname: z.string(), short_id: z.string(), time: z.string() }));

/** Reads what `restic snapshots --json` says. */
export function parseSnapshots(json: string): readonly Snapshot[] {
  return answer
    .parse(JSON.parse(json))
    .map(({ hostname, short_id, time }) => ({ cluster: hostname, id: short_id, time }))
    .sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}
