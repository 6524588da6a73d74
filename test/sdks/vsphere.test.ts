import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { consoleProgress } from "../../lab/progress";
import { run } from "../../lab/run";
import { ensureToolchain } from "../../lab/toolchain";
import { repository } from "../../lab/paths";

/** Names and types of one resource, function or object type of the official package; see lab/toolchain/vsphere-sdk. */
interface Shape {
  readonly inputs: Readonly<Record<string, string>>;
  readonly required?: readonly string[];
  readonly outputs?: Readonly<Record<string, string>>;
}

interface OfficialSurface {
  readonly version: string;
  readonly provider: Shape;
  readonly resources: Readonly<Record<string, Shape>>;
  readonly functions: Readonly<Record<string, Shape>>;
  readonly types: Readonly<Record<string, Shape>>;
}

interface PropertySpec {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: PropertySpec;
  readonly additionalProperties?: PropertySpec;
}

type Properties = Readonly<Record<string, PropertySpec>>;

interface ObjectSpec {
  readonly properties?: Properties;
  readonly required?: readonly string[];
}

interface PackageSpec {
  readonly version: string;
  readonly provider: { readonly inputProperties: Properties };
  readonly resources: Readonly<
    Record<string, ObjectSpec & { readonly inputProperties: Properties; readonly requiredInputs?: readonly string[] }>
  >;
  readonly functions: Readonly<Record<string, { readonly inputs?: ObjectSpec; readonly outputs: ObjectSpec }>>;
  readonly types: Readonly<Record<string, ObjectSpec>>;
}

const sdk = join(repository, "sdks", "vsphere");
const read = <T>(name: string): T => JSON.parse(readFileSync(join(sdk, name), "utf8")) as T;
const schema = read<PackageSpec>("schema.json");
const official = read<OfficialSurface>("official.json");
const manifest = read<{ version: string; pulumi: { name: string; version: string; resource: boolean } }>("package.json");

function typeName(spec: PropertySpec): string {
  if (spec.$ref !== undefined) return spec.$ref.replace("#/types/", "");
  if (spec.items !== undefined) return `[]${typeName(spec.items)}`;
  if (spec.additionalProperties !== undefined) return `map[]${typeName(spec.additionalProperties)}`;
  return spec.type ?? "nothing";
}

const typeNames = (properties: Properties = {}) =>
  Object.fromEntries(Object.entries(properties).map(([name, spec]) => [name, typeName(spec)]));

/** Every set of inputs in the SDK, with the official one beside it. */
const inputs: readonly (readonly [string, Properties, Shape | undefined])[] = [
  ["the provider", schema.provider.inputProperties, official.provider],
  ...Object.entries(schema.resources).map(
    ([token, resource]) => [token, resource.inputProperties, official.resources[token]] as const,
  ),
  ...Object.entries(schema.functions).map(
    ([token, invoke]) => [token, invoke.inputs?.properties ?? {}, official.functions[token]] as const,
  ),
  ...Object.entries(schema.types).map(
    ([token, object]) => [token, object.properties ?? {}, official.types[token]] as const,
  ),
];

describe("the SDK and the official package", () => {
  it("requests the official plugin's version", () => {
    expect(manifest.pulumi).toEqual({ name: "vsphere", resource: true, version: official.version });
    expect(manifest.version).toBe(official.version);
    expect(schema.version).toBe(official.version);
    expect(official.version).toMatch(/^4\.18\.\d+$/);
  });

  it.each(inputs)("every input of %s is the official one's, with its type", (_, properties, shape) => {
    expect(shape).toBeDefined();
    expect(shape!.inputs).toMatchObject(typeNames(properties));
  });

  it("demands every input that the official package demands", () => {
    for (const [token, { required = [] }] of Object.entries(official.resources)) {
      expect([token, schema.resources[token].requiredInputs ?? []]).toEqual([token, expect.arrayContaining([...required])]);
    }
    for (const [token, { required = [] }] of Object.entries(official.functions)) {
      expect([token, schema.functions[token].inputs?.required ?? []]).toEqual([token, expect.arrayContaining([...required])]);
    }
  });

  it("promises no output that the official package lacks", () => {
    for (const [token, resource] of Object.entries(schema.resources)) {
      expect(official.resources[token].outputs).toMatchObject(typeNames(resource.properties));
    }
    for (const [token, invoke] of Object.entries(schema.functions)) {
      expect(official.functions[token].outputs).toMatchObject(typeNames(invoke.outputs.properties));
    }
  });
});

/** What `pulumi-resource-vsphere -get-provider-info` tells of a Terraform schema. */
interface TerraformSchema {
  readonly [name: string]: { readonly element?: { readonly resource?: TerraformSchema } };
}

interface ProviderInfo {
  readonly provider: {
    readonly schema: TerraformSchema;
    readonly resources: Readonly<Record<string, TerraformSchema>>;
    readonly dataSources: Readonly<Record<string, TerraformSchema>>;
  };
  readonly resources: Readonly<Record<string, { readonly tok: string }>>;
  readonly dataSources: Readonly<Record<string, { readonly tok: string }>>;
}

/** network_interface, a list, is networkInterfaces in Pulumi: compared without case, underscores and the plural. */
const loosely = (name: string) => name.replace(/_/g, "").toLowerCase().replace(/[es]+$/, "");
const knows = (terraform: TerraformSchema, property: string) =>
  Object.keys(terraform).some((name) => loosely(name) === loosely(property));

describe("the SDK and the lab's plugin", () => {
  let info: ProviderInfo;
  beforeAll(async () => {
    const { paths } = await ensureToolchain({ progress: consoleProgress(), names: ["pulumi-resource-vsphere"] });
    info = JSON.parse((await run([paths["pulumi-resource-vsphere"], "-get-provider-info"])).stdout) as ProviderInfo;
  }, 900_000);

  it("has only inputs that the plugin knows", () => {
    const unknown: string[] = [];
    const compare = (
      kind: Readonly<Record<string, TerraformSchema>>,
      tokens: Readonly<Record<string, { readonly tok: string }>>,
      ours: Readonly<Record<string, Properties>>,
    ) => {
      for (const [token, properties] of Object.entries(ours)) {
        const terraformName = Object.keys(tokens).find((name) => tokens[name].tok === token);
        if (terraformName === undefined) unknown.push(token);
        else unknown.push(...missing(kind[terraformName], properties).map((name) => `${token} ${name}`));
      }
    };
    const missing = (terraform: TerraformSchema, properties: Properties): string[] =>
      Object.entries(properties).flatMap(([name, spec]) => {
        const found = Object.keys(terraform).find((candidate) => loosely(candidate) === loosely(name));
        if (found === undefined) return [name];
        const nested = schema.types[typeName(spec).replace("[]", "")]?.properties;
        const inner = terraform[found].element?.resource;
        return nested && inner ? missing(inner, nested).map((below) => `${name}.${below}`) : [];
      });
    compare(
      info.provider.resources,
      info.resources,
      Object.fromEntries(Object.entries(schema.resources).map(([token, { inputProperties }]) => [token, inputProperties])),
    );
    compare(
      info.provider.dataSources,
      info.dataSources,
      Object.fromEntries(Object.entries(schema.functions).map(([token, { inputs }]) => [token, inputs?.properties ?? {}])),
    );
    expect(unknown).toEqual([]);
    expect(knows(info.provider.resources.vsphere_virtual_machine, "vtpm")).toBe(false); // the comparison can fail
    expect(Object.keys(schema.types)).toContain("vsphere:index/VirtualMachineDisk:VirtualMachineDisk");
  });
});

describe("the generated sources", () => {
  it("are marked as generated, all of them", () => {
    const sources = readdirSync(sdk).filter((name) => name.endsWith(".ts"));
    expect(sources.length).toBeGreaterThan(15);
    for (const name of sources) expect(readFileSync(join(sdk, name), "utf8")).toContain("generated by lab/toolchain/vsphere-sdk");
  });

  it("keep the outputs that the base class sets: no field declaration overwrites them", () => {
    const compiled = readFileSync(join(sdk, "bin", "virtualMachine.js"), "utf8");
    expect(compiled).toContain("class VirtualMachine extends pulumi.CustomResource");
    expect(compiled).not.toMatch(/^\s+moid;/m);
  });
});
