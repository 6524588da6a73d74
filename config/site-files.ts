/**
 * The site files of a project: every `Pulumi.<stack>.yaml` beside `Pulumi.yaml`, without their secrets.
 *
 * Needs no Pulumi and no passphrase, so that the check and the plan run anywhere.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import type { Fault } from "./fault";
import { parseSite, type SiteDraft } from "./parse-site";
import { secretSchemas } from "./secrets";

export interface SiteFiles {
  /** What is well-formed, by site name. */
  readonly drafts: Readonly<Record<string, SiteDraft>>;
  /** Faults of the files themselves and of their shapes. */
  readonly faults: readonly Fault[];
}

/** A stack's own file and the name of the site that it describes. */
export interface SiteFile {
  readonly stack: string;
  readonly site: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** Secrets that are set in the file, by name. */
  readonly secrets: readonly string[];
  readonly faults: readonly Fault[];
}

/** A key beside those of the schema: the site's name, where it is not the stack's. */
export const siteNameKey = "site";

const stackFile = /^Pulumi\.([^.]+(?:\.[^.]+)*)\.yaml$/;

/** Names of the stacks that have a site file below `root`, ascending. */
export const stackNames = (root: string): string[] =>
  readdirSync(root)
    .flatMap((name) => stackFile.exec(name)?.[1] ?? [])
    .sort();

/** The project's name: the namespace of its keys. Throws where `Pulumi.yaml` has none. */
export function projectName(root: string): string {
  const file = join(root, "Pulumi.yaml");
  const name: unknown = parseDocument(readFileSync(file, "utf8")).get("name");
  if (typeof name !== "string") throw new Error(`${file}: has no name`);
  return name;
}

/** Reads all site files below `root`, but those of the stacks in `except`. */
export function readSiteFiles(root: string, except: readonly string[] = []): SiteFile[] {
  const project = projectName(root);
  return stackNames(root)
    .filter((stack) => !except.includes(stack))
    .map((stack) => readSiteFile(stack, join(root, `Pulumi.${stack}.yaml`), project));
}

/** Reads one stack file, wherever it lies; a file that is no YAML is a fault, not an exception. */
export function readSiteFile(stack: string, file: string, project: string): SiteFile {
  const document = parseDocument(readFileSync(file, "utf8"), { prettyErrors: true });
  const faults = document.errors.map((error) =>
    fault(stack, "", "file-syntax", `is not valid YAML: ${error.message.split("\n")[0]}`, "correct the file"),
  );
  if (faults.length > 0) return { stack, site: stack, values: {}, secrets: [], faults };
  const contents = document.toJS() as { readonly config?: Readonly<Record<string, unknown>> } | null;
  return ownValues(stack, contents?.config ?? {}, project);
}

/** Cuts a stack's configuration down to the site's own, non-secret values. */
function ownValues(stack: string, config: Readonly<Record<string, unknown>>, project: string): SiteFile {
  const prefix = `${project}:`;
  const own = Object.entries(config)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]): [string, unknown] => [key.slice(prefix.length), value]);
  const values = own.filter(([key]) => key !== siteNameKey && !(key in secretSchemas));
  const named = own.find(([key]) => key === siteNameKey)?.[1];
  const site = typeof named === "string" ? named : stack;
  const inClear = own.filter(([key, value]) => key in secretSchemas && !isEncrypted(value));
  return {
    stack,
    site,
    values: Object.fromEntries(values),
    secrets: own.map(([key]) => key).filter((key) => key in secretSchemas),
    faults: inClear.map(([key]) =>
      fault(
        site,
        key,
        "secret-in-clear",
        "is a secret that stands in the file in clear",
        `take it for known: change it, and set the new one with \`pulumi config set --secret ${key}\``,
      ),
    ),
  };
}

/** Pulumi writes `{secure: ciphertext}`, for a structured value at its leaves. */
function isEncrypted(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const entries = Object.entries(value);
  if (entries.length === 1 && entries[0]?.[0] === "secure") return typeof entries[0][1] === "string";
  return entries.length > 0 && entries.every(([, child]) => isEncrypted(child));
}

/** Parses files by the schema; two files of one site are a fault of the second. */
export function parseSiteFiles(files: readonly SiteFile[]): SiteFiles {
  const drafts: Record<string, SiteDraft> = {};
  const faults: Fault[] = [];
  for (const file of files) {
    faults.push(...file.faults);
    if (file.faults.some((each) => each.rule === "file-syntax")) continue;
    if (file.site in drafts) {
      faults.push(
        fault(
          file.site,
          siteNameKey,
          "duplicate-site",
          `Pulumi.${file.stack}.yaml describes a site that another file describes already`,
          "give each site one file",
        ),
      );
      continue;
    }
    const parsed = parseSite(file.site, file.values);
    drafts[file.site] = parsed.draft;
    faults.push(...parsed.faults);
  }
  return { drafts, faults };
}

const fault = (site: string, path: string, rule: string, problem: string, remedy: string): Fault => ({
  site,
  path,
  rule,
  problem,
  remedy,
  severity: "error",
});
