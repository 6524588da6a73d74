/**
 * The one reader of `pulumi.Config`: this stack's values come from the engine, its siblings' from their files.
 *
 * Secrets stay Outputs; what is wrong with them is said by key, never by value.
 */
import * as pulumi from "@pulumi/pulumi";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { z } from "zod";
import type { Fault } from "./fault";
import { isText, parseSite, type SiteDraft } from "./parse-site";
import { missingParts, secretNeeds } from "./secret-needs";
import { generatedSecrets, secretSchemas, type SecretName, type Secrets } from "./secrets";
import { parseSiteFiles, readSiteFiles, siteNameKey, type SiteFiles } from "./site-files";

/** The secrets of a site as Outputs; `authCertificateKey` and `meshCa` only where the site needs them. */
export type SecretOutputs = {
  readonly [K in Exclude<SecretName, "authCertificateKey" | "meshCa">]: pulumi.Output<Secrets[K]>;
} & {
  readonly [K in "authCertificateKey" | "meshCa"]?: pulumi.Output<Secrets[K]>;
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
  const { secrets, faults } = loadSecrets(config, siteName, own.draft);
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

function loadSecrets(
  config: pulumi.Config,
  site: string,
  draft: SiteDraft,
): { readonly secrets: SecretOutputs; readonly faults: readonly Fault[] } {
  const { hosts, bgp, clusters } = draft;
  const needs = hosts && bgp && clusters ? secretNeeds({ hosts, bgp, clusters }) : undefined;
  const outputs: Partial<Record<SecretName, pulumi.Output<unknown>>> = {};
  const faults: Fault[] = [];
  for (const key of needs?.keys ?? []) {
    // Pulumi.yaml declares secrets with an empty default, or it would refuse a stack that lacks one in words of its own.
    const text = pulumi.runtime.getConfig(`${config.name}:${key}`) ? config.getSecret(key) : undefined;
    if (text === undefined) faults.push(missingSecret(site, key));
    else if (needs !== undefined) {
      outputs[key] = text.apply((value) => {
        const parsed = parseSecret(key, value);
        const missing = missingParts(key, parsed, needs);
        if (missing.length > 0) throw new Error(`${site}: ${key} lacks ${missing.join(", ")}. Remedy: npm run secrets`);
        return parsed;
      });
    }
  }
  // A missing one is a fault above, and with a fault nothing is ever registered: the type may trust the rest.
  return { secrets: outputs as SecretOutputs, faults };
}

function missingSecret(site: string, key: SecretName): Fault {
  const generated = (generatedSecrets as readonly string[]).includes(key);
  return {
    site,
    path: key,
    rule: "missing-secret",
    problem: "is not set",
    remedy: generated ? `npm run secrets -- ${pulumi.getStack()}` : `pulumi config set --secret ${key}`,
    severity: "error",
  };
}

/** Parses one secret by its schema. The error names paths below the key; a value never gets into it. */
function parseSecret<K extends SecretName>(key: K, text: string): Secrets[K] {
  const schema: z.ZodType<unknown> = secretSchemas[key];
  let value: unknown = text;
  if (!isText(schema)) {
    try {
      value = JSON.parse(text);
    } catch {
      throw new Error(`${key}: is not JSON. Remedy: npm run secrets`);
    }
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data as Secrets[K];
  const paths = parsed.error.issues.map((issue) => [key, ...issue.path].join("."));
  throw new Error(`${paths.join(", ")}: malformed. Remedy: npm run secrets`);
}
