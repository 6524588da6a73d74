import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { secretSchemas } from "../../config/secrets";
import { siteSchema } from "../../config/site";
import { rules } from "../../plan/check";
import { projectConfig } from "../../tools/schema/project-config";
import { renderReference } from "../../tools/schema/reference";
import { stackFileSchema, type JsonSchema } from "../../tools/schema/site-schema";
import { generateFiles } from "../support/generated-files";

const root = join(__dirname, "../..");

test("the committed files are what the schema generates: npm run generate:schema", () => {
  const generated = generateFiles();
  for (const [name, text] of Object.entries(generated)) {
    expect({ name, text: readFileSync(join(root, name), "utf8") }).toEqual({ name, text });
  }
  expect(Object.keys(generated).sort()).toEqual(["Pulumi.yaml", "config/stack.schema.json", "docs/site-file.md"]);
}, 60_000);

test("every key of the schema has a description, all the way down", () => {
  const silent: string[] = [];
  const visit = (path: string, schema: JsonSchema): void => {
    for (const [key, child] of Object.entries(schema.properties ?? {})) {
      const here = `${path}.${key}`;
      if (!child.description && child.const === undefined) silent.push(here);
      visit(here, child);
    }
    if (schema.items) visit(`${path}[]`, schema.items);
    if (typeof schema.additionalProperties === "object") visit(`${path}.*`, schema.additionalProperties);
    schema.oneOf?.forEach((each) => visit(path, each));
  };
  const { properties } = stackFileSchema("p");
  visit("", properties?.config ?? {});
  expect(silent).toEqual([]);
});

test("Pulumi.yaml declares every key; what it requires is what the schema requires", () => {
  const declared = projectConfig();
  expect(Object.keys(declared).sort()).toEqual(
    [...Object.keys(siteSchema.shape), ...Object.keys(secretSchemas)].sort(),
  );
  for (const [key, schema] of Object.entries(siteSchema.shape)) {
    expect({ key, required: declared[key]?.default === undefined }).toEqual({
      key,
      required: !schema.safeParse(undefined).success,
    });
  }
});

test("a default that Pulumi.yaml declares means what leaving the key out means", () => {
  for (const [key, { default: value }] of Object.entries(projectConfig())) {
    const schema = siteSchema.shape[key as keyof typeof siteSchema.shape];
    if (schema === undefined || value === undefined || value === "") continue;
    expect({ key, parsed: schema.parse(value) }).toEqual({ key, parsed: schema.parse(undefined) });
  }
});

test("the reference names every key and every rule", () => {
  const reference = renderReference();
  for (const key of Object.keys(siteSchema.shape)) expect(reference).toContain(`### \`${key}\``);
  for (const key of Object.keys(secretSchemas)) expect(reference).toContain(`| \`${key}\` |`);
  for (const { id, states } of rules) expect(reference).toContain(`| \`${id}\` | ${states}`);
});

test("the stack files name the schema for editors", () => {
  for (const stack of ["siziano", "dr"]) {
    const text = readFileSync(join(root, `Pulumi.${stack}.yaml`), "utf8");
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/config\/stack\.schema\.json$/m);
    const keys = Object.keys((parse(text) as { config: object }).config);
    const schema = stackFileSchema("kubernetes-vsphere").properties?.config;
    expect(keys.filter((key) => schema?.properties?.[key] === undefined)).toEqual([]);
    expect((schema?.required ?? []).filter((key) => !keys.includes(key))).toEqual([]);
  }
});
