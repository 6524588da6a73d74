/** The site file's schema as JSON Schema: for editors, and as the source of the generated reference. */
import { z } from "zod";
import { secretSchemas } from "../../config/secrets";
import { siteSchema } from "../../config/site";
import { siteNameKey } from "../../config/site-files";

/** What is used of JSON Schema (draft 7) here. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly [keyword: string]: unknown;
}

/** The site's keys, as a human writes them: what has a default may be left out. */
export const siteJsonSchema = (): JsonSchema =>
  z.toJSONSchema(siteSchema, { io: "input", target: "draft-7" }) as JsonSchema;

/** What `pulumi config set --secret` leaves in the file, in one piece or, set with --path, leaf by leaf. */
const encrypted: JsonSchema = {
  type: "object",
  description: "Encrypted by Pulumi.",
  anyOf: [
    { properties: { secure: { type: "string" } }, required: ["secure"], additionalProperties: false },
    { additionalProperties: { $ref: "#/definitions/encrypted" }, minProperties: 1 },
  ],
};

/** Schema of a whole `Pulumi.<stack>.yaml`. */
export function stackFileSchema(project: string): JsonSchema {
  const site = siteJsonSchema();
  const name = (key: string): string => `${project}:${key}`;
  const sites = Object.entries(site.properties ?? {}).map(([key, schema]) => [name(key), orText(schema)]);
  const secrets = Object.entries(secretSchemas).map(([key, { description }]) => [
    name(key),
    { description: `Secret: ${description}`, $ref: "#/definitions/encrypted" },
  ]);
  const config: JsonSchema = {
    type: "object",
    properties: {
      ...Object.fromEntries([...sites, ...secrets]),
      [name(siteNameKey)]: { type: "string", description: "Name of the site, where it is not the stack's." },
    },
    required: (site.required ?? []).map(name),
    // Other namespaces (providers, Pulumi itself) are theirs; ours holds nothing but the above.
    patternProperties: { [`^(?!${project}:).+:.+$`]: {} },
    additionalProperties: false,
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: `Pulumi.<stack>.yaml of ${project}`,
    type: "object",
    properties: { config },
    required: ["config"],
    definitions: { encrypted },
  };
}

/** `pulumi config set` rewrites booleans and numbers at the top as text; so it is allowed there. */
const orText = (schema: JsonSchema): JsonSchema =>
  ["string", "array", "object"].includes(schema.type ?? "")
    ? schema
    : { description: schema.description, anyOf: [schema, { type: "string" }] };
