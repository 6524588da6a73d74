import { createHash } from "node:crypto";
import { join, resolve } from "node:path";

/** The repository's folder. Compiled files live in `bin/lab/`, sources in `lab/`: both are found from either place. */
export const repository = resolve(__dirname, __dirname.endsWith(join("bin", "lab")) ? "../.." : "..");

/** Built programs and roots, shared by all labs of this clone; each entry is named by a hash of what went into it. */
export const cacheDirectory = join(repository, ".lab", "cache");

/** What one running lab (one name in one clone) owns on this machine. */
export interface LabIdentity {
  /** The site's name by default; a second lab of the same site has a name of its own. */
  readonly name: string;
  readonly site: string;
  /** "k" and four hex digits; prefix of every network namespace and machine name of this lab. */
  readonly id: string;
  /** `.lab/run/<name>`: everything that `down` may delete. */
  readonly directory: string;
}

/** The same clone and name always give the same id, so that a later `up` or `down` finds what an interrupted one left. */
export function labIdentity(site: string, name = site): LabIdentity {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw new Error(`lab name ${JSON.stringify(name)}: 1 to 31 lower case letters, digits and hyphens, a letter first`);
  }
  const digest = createHash("sha256").update(`${repository}/${name}`).digest("hex");
  return { name, site, id: `k${digest.slice(0, 4)}`, directory: join(repository, ".lab", "run", name) };
}

/** Name of a namespace (and of the machine in it) of this lab. */
export function namespaceName(lab: LabIdentity, name: string): string {
  return `${lab.id}-${name}`;
}
