/** How a host is given its files, right after its first boot as later on: what is sent over SSH, and what is done with it. */
import type { HostPlan } from "../plan/model";
import { deployAccount } from "./accounts";
import type { HostContent, HostSecrets } from "./host-content";
import { keyedDigest, siteState } from "./machine-base";
import { placementScript } from "./placement-script";
import { quoteWord } from "./shell";

/** Commands for the account `deploy` on a host, and what the first one reads from its standard input. */
export interface Placement {
  /** Puts the files in place. Its last line is `armed` where it takes itself back unless `confirm` runs in time. */
  readonly command: string;
  /** The files: a secret. */
  readonly stdin: string;
  /** Run over a fresh connection, which proves that there can be one. */
  readonly confirm: string;
}

const asRoot = (script: string): string => `sudo --non-interactive sh -c ${quoteWord(script)}`;

/** One line a file, and a last one: a connection that broke must not look like fewer files. */
function fileLines({ files }: HostContent): string {
  const lines = files.map(({ path, mode, owner, content }) => {
    if (/\s/.test(path)) throw new Error(`${path}: a path with white space cannot be sent`);
    return `${mode} ${owner} ${path} ${Buffer.from(content).toString("base64")}\n`;
  });
  return `${lines.join("")}end\n`;
}

/** Everything that makes a machine its host, or that has changed since. */
export function placement(host: HostPlan, content: HostContent): Placement {
  return {
    command: asRoot(placementScript(host, content)),
    stdin: fileLines(content),
    confirm: asRoot(`exec sh ${siteState}/commit`),
  };
}

/** What a preview may show of the files: which ones change. One line each; digests tell nothing of what is in them. */
export function placementDigests(content: HostContent, secrets: HostSecrets): string {
  const lines = content.files.map((file) => `${file.path} ${keyedDigest(secrets, file).slice(0, 12)}`);
  const accounts = content.accounts.map(({ name }) => name).filter((name) => name !== deployAccount);
  return [...lines, `accounts ${accounts.join(" ")}`].sort().join("\n");
}
