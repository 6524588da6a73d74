import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

/** The repository's folder. Compiled files live in `bin/lab/`, sources in `lab/`: both are found from either place. */
export const repository = resolve(__dirname, __dirname.endsWith(join("bin", "lab")) ? "../.." : "..");

/** Built programs and roots, shared by all labs of this clone; each entry is named by a hash of what went into it. */
export const cacheDirectory = join(repository, ".lab", "cache");

/** What one running lab (one site of one clone) owns on this machine. */
export interface LabIdentity {
  readonly site: string;
  /** "k" and four hex digits; prefix of every network namespace and machine name of this lab. */
  readonly id: string;
  /** `.lab/run/<site>`: everything that `down` may delete. */
  readonly directory: string;
}

/** The same clone and site always give the same id, so that a later `up` or `down` finds what an interrupted one left. */
export function labIdentity(site: string): LabIdentity {
  const digest = createHash("sha256").update(`${repository}/${site}`).digest("hex");
  return { site, id: `k${digest.slice(0, 4)}`, directory: join(repository, ".lab", "run", site) };
}

/** Name of a namespace (and of the machine in it) of this lab. */
export function namespaceName(lab: LabIdentity, name: string): string {
  return `${lab.id}-${name}`;
}
