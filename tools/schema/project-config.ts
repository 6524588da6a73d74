/** The `config:` section of `Pulumi.yaml`: every key that a stack may set, described by the schema. */
import { parseDocument } from "yaml";
import { secretSchemas } from "../../config/secrets";
import { siteSchema } from "../../config/site";
import { siteJsonSchema, type JsonSchema } from "./site-schema";

interface Declaration {
  readonly type?: string;
  readonly items?: { readonly type: string };
  readonly description: string;
  readonly default?: unknown;
}

/**
 * Pulumi takes a declared key without default for required, and refuses even `pulumi config` without it: so all that may
 * be left out has its default here, and a secret an empty one, which the loader takes for missing.
 */
export function projectConfig(): Readonly<Record<string, Declaration>> {
  const site = Object.entries(siteJsonSchema().properties ?? {}).map(([key, schema]): [string, Declaration] => [
    key,
    declare(key as keyof typeof siteSchema.shape, schema),
  ]);
  const secrets = Object.entries(secretSchemas).map(([key, { description }]): [string, Declaration] => [
    key,
    { type: "string", description: `Secret. ${description}`, default: "" },
  ]);
  return Object.fromEntries([...site, ...secrets]);
}

function declare(key: keyof typeof siteSchema.shape, schema: JsonSchema): Declaration {
  const absent = siteSchema.shape[key].safeParse(undefined);
  return {
    type: typeOf(schema),
    ...(schema.type === "array" ? { items: { type: typeOf(schema.items ?? {}) } } : {}),
    description: schema.description ?? "",
    ...(absent.success ? { default: absent.data ?? "" } : {}),
  };
}

/** A union's is the one that its members share; Pulumi knows no other, and of numbers the whole ones only. */
function typeOf(schema: JsonSchema): string {
  if (schema.type !== undefined) return schema.type === "number" ? "integer" : schema.type;
  const types = new Set((schema.anyOf ?? schema.oneOf ?? []).map(typeOf));
  const [type, ...others] = types;
  if (type === undefined || others.length > 0) {
    throw new Error(`${schema.description ?? "a key"}: no one type, but ${[...types].join(", ") || "none"}`);
  }
  return type;
}

/** The text of `Pulumi.yaml` with its `config:` section made anew; everything else stays, comments included. */
export function withProjectConfig(text: string): string {
  const document = parseDocument(text);
  document.set("config", document.createNode(projectConfig()));
  return document.toString({ lineWidth: 0 });
}
