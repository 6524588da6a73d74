/**
 * The one reader of `pulumi.Config`: this stack's values come from the engine, its siblings' from their files.
 *
 * Secrets stay Outputs; what is wrong with them is said by key, never by value.
 */
import * as pulumi from "@pulumi/pulumi";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import type { z } from "zod";
import type { Fault } from "./fault";
import { isText, parseSite, type SiteDraft } from "./parse-site";
import { missingParts, secretDeciders, secretNeeds } from "./secret-needs";
import { generatedSecrets, secretSchemas, type SecretName, type Secrets } from "./secrets";
import { parseSiteFiles, readSiteFiles, siteNameKey, type SiteFiles } from "./site-files";

/** Secrets that only some sites need (`secretNeeds`). */
type Occasional =
  | "authCertificateKey"
  | "backupCredentials"
  | "backupKeys"
  | "dnsAdministrationKey"
  | "managementKubeconfig"
  | "meshCa";

/** The secrets of a site as Outputs; the occasional ones only where the site needs them. */
export type SecretOutputs = {
  readonly [K in Exclude<SecretName, Occasional>]: pulumi.Output<Secrets[K]>;
} & {
  readonly [K in Occasional]?: pulumi.Output<Secrets[K]>;
};

export interface LoadedConfig {
  readonly siteName: string;
  /** All sites, this one as the engine gives it. `checkedSites` (plan/check.ts) turns them into trusted ones. */
  readonly files: SiteFiles;
  readonly secrets: SecretOutputs;
}

/** Reads everything and refuses nothing: faults are in `files`, so that all of them can be reported at once. */
export function loadConfig(): LoadedConfig {
  const config = new pulumi.Config();
  const siteName = config.get(siteNameKey) ?? pulumi.getStack();
  const files = readSiteFiles(projectRoot());
  const inClear = files.filter((file) => file.stack === pulumi.getStack()).flatMap((file) => file.faults);
  const siblings = files.filter((file) => file.stack !== pulumi.getStack() && file.site !== siteName);
  const own = parseSite(siteName, ownValues(config.name));
  const others = parseSiteFiles(siblings);
  const { secrets, faults } = loadSecrets(config.name, siteName, own.draft);
  return {
    siteName,
    files: {
      drafts: { ...others.drafts, [siteName]: own.draft },
      faults: [...inClear, ...own.faults, ...faults, ...others.faults],
    },
    secrets,
  };
}

/** The engine says where the project is; with an older language host the SDK makes up a name, so its file is looked for upwards. */
function projectRoot(): string {
  const known = pulumi.runtime.getRootDirectory();
  if (existsSync(join(known, "Pulumi.yaml"))) return known;
  let folder = process.cwd();
  while (!existsSync(join(folder, "Pulumi.yaml"))) {
    if (dirname(folder) === folder) throw new Error(`${process.cwd()}: no Pulumi.yaml here or above`);
    folder = dirname(folder);
  }
  return folder;
}

function ownValues(project: string): Record<string, unknown> {
  const prefix = `${project}:`;
  return Object.fromEntries(
    Object.entries(pulumi.runtime.allConfig())
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]): [string, string] => [key.slice(prefix.length), text])
      .filter(([key]) => key !== siteNameKey && !(key in secretSchemas)),
  );
}

/** Secrets are known from the start, so they are judged with everything else, before the first resource. */
function loadSecrets(
  project: string,
  site: string,
  draft: SiteDraft,
): { readonly secrets: SecretOutputs; readonly faults: readonly Fault[] } {
  const deciders = secretDeciders(draft);
  const needs = deciders ? secretNeeds(deciders) : { keys: [], parts: {} };
  const outputs: Partial<Record<SecretName, pulumi.Output<unknown>>> = {};
  const faults: Fault[] = [];
  for (const key of needs.keys) {
    // Pulumi.yaml declares secrets with an empty default, or it would refuse a stack that lacks one in words of its own.
    const text = pulumi.runtime.getConfig(`${project}:${key}`) ?? "";
    if (text === "") {
      faults.push(secretFault(site, key, key, "missing-secret", "is not set"));
      continue;
    }
    const { value, malformed } = parseSecret(key, text);
    outputs[key] = pulumi.secret(value);
    const missing = malformed.length > 0 ? [] : missingParts(key, value, needs).map((part) => `${key}.${part}`);
    faults.push(
      ...malformed.map((path) => secretFault(site, key, path, "malformed-secret", "is malformed")),
      ...missing.map((path) => secretFault(site, key, path, "missing-secret", "is not set")),
    );
  }
  // With a fault nothing is ever registered: the type may trust the rest.
  return { secrets: outputs as SecretOutputs, faults };
}

/** A fault without a value: a secret never gets into one. */
function secretFault(site: string, key: SecretName, path: string, rule: string, problem: string): Fault {
  const generated = (generatedSecrets as readonly string[]).includes(key);
  return {
    site,
    path,
    rule,
    problem,
    remedy: generated ? `npm run secrets -- ${pulumi.getStack()}` : `pulumi config set --secret ${key}`,
    severity: "error",
  };
}

/** Parses one secret by its schema. What is wrong is told by paths, which hold names of hosts and clusters only. */
function parseSecret(
  key: SecretName,
  text: string,
): { readonly value: unknown; readonly malformed: readonly string[] } {
  const schema: z.ZodType<unknown> = secretSchemas[key];
  const parsed = schema.safeParse(isText(schema) ? text : parseJson(text));
  if (parsed.success) return { value: parsed.data, malformed: [] };
  return { value: undefined, malformed: parsed.error.issues.map((issue) => [key, ...issue.path].join(".")) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
