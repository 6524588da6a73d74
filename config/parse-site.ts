/** Reads a site's values by the schema, key by key, so that one malformed value hides no fault elsewhere. */
import { z } from "zod";
import { clusterSchema } from "./cluster";
import { pathText, type Fault } from "./fault";
import { siteSchema, type Site } from "./site";

/** A site of which only the well-formed top-level keys (and clusters) are there. */
export type SiteDraft = Partial<Site>;

export interface ParsedSite {
  readonly draft: SiteDraft;
  /** Faults of shape, all of them errors. */
  readonly faults: readonly Fault[];
}

/** Values by top-level key, without namespace and without secrets. */
export function parseSite(site: string, values: Readonly<Record<string, unknown>>): ParsedSite {
  const faults = Object.keys(values)
    .filter((key) => !(key in siteSchema.shape))
    .map((key): Fault => unknownKey(site, key));
  const draft: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(siteSchema.shape)) {
    const value = decode(schema, values[key]);
    const parsed = schema.safeParse(value);
    if (parsed.success) {
      draft[key] = parsed.data;
      continue;
    }
    faults.push(...parsed.error.issues.map((issue) => shapeFault(site, schema, [key], value, issue)));
    if (key === "clusters") draft[key] = wellFormedClusters(value);
  }
  return { draft, faults };
}

/**
 * The engine hands every value over as a string, and `pulumi config set` rewrites a file's `false` as "false". What is not
 * meant to be text is JSON then; malformed JSON stays as it is, for the schema to refuse.
 */
function decode(schema: z.core.$ZodType, value: unknown): unknown {
  // Pulumi cannot declare an optional key without a default: an empty one says that there is none.
  if (value === "") return undefined;
  if (typeof value !== "string" || isText(schema)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** Is a plain string meant? */
export function isText(schema: z.core.$ZodType): boolean {
  if (isWrapped(schema)) return isText(schema._zod.def.innerType);
  return schema instanceof z.ZodString || schema instanceof z.ZodEnum;
}

function wellFormedClusters(value: unknown): Site["clusters"] {
  const entries = z.record(z.string(), z.unknown()).safeParse(value);
  return Object.fromEntries(
    Object.entries(entries.data ?? {}).flatMap(([name, raw]) => {
      const cluster = clusterSchema.safeParse(raw);
      return cluster.success ? [[name, cluster.data]] : [];
    }),
  );
}

function unknownKey(site: string, key: string): Fault {
  return {
    site,
    path: key,
    rule: "unknown-key",
    problem: "is not a key of a site file",
    remedy: `remove it, or use one of ${Object.keys(siteSchema.shape).join(", ")}`,
    severity: "error",
  };
}

function shapeFault(
  site: string,
  schema: z.core.$ZodType,
  prefix: readonly PropertyKey[],
  root: unknown,
  issue: z.core.$ZodIssue,
): Fault {
  const value = valueAt(root, issue.path);
  return {
    site,
    path: pathText([...prefix, ...issue.path]),
    ...(value === undefined ? {} : { value }),
    rule: value === undefined ? "missing" : "shape",
    problem: issue.message,
    remedy: descriptionAt(schema, issue.path),
    severity: "error",
  };
}

const valueAt = (root: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined,
    root,
  );

/** The description nearest to a path: what belongs there, in the schema's own words. */
function descriptionAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string {
  let here: z.core.$ZodType | undefined = schema;
  let description = describe(schema);
  for (const key of path) {
    here = here === undefined ? undefined : childOf(here, key);
    description = (here === undefined ? undefined : describe(here)) ?? description;
  }
  return description ?? "see docs/site-file.md";
}

const describe = (schema: z.core.$ZodType): string | undefined =>
  z.globalRegistry.get(schema)?.description ?? (isWrapped(schema) ? describe(schema._zod.def.innerType) : undefined);

const isWrapped = (schema: z.core.$ZodType): schema is z.core.$ZodDefault | z.core.$ZodOptional =>
  schema instanceof z.ZodDefault || schema instanceof z.ZodOptional;

function childOf(schema: z.core.$ZodType, key: PropertyKey): z.core.$ZodType | undefined {
  if (isWrapped(schema)) return childOf(schema._zod.def.innerType, key);
  if (schema instanceof z.ZodObject) return (schema.shape as Record<PropertyKey, z.core.$ZodType>)[key];
  if (schema instanceof z.ZodArray) return schema.element as z.core.$ZodType;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.core.$ZodType;
  return undefined;
}
