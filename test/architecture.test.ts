/** The direction of imports, and what the pure layers may not touch: config ← plan ← render ← components ← index. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import * as ts from "typescript";

const root = resolve(__dirname, "..");

/** What each layer may import of the others. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  config: ["config"],
  plan: ["plan", "config"],
  render: ["render", "plan", "config"],
  components: ["components", "render", "plan", "config"],
  "index.ts": ["components", "render", "plan", "config"],
  // What looks at a live site, and commands, are beside the product; they take of it what needs no Pulumi.
  verify: ["verify", "render", "plan", "config"],
  recover: ["recover", "plan", "config"],
  tools: ["tools", "verify", "recover", "render", "plan", "config"],
};

const sources = (layer: string): string[] => {
  if (layer.endsWith(".ts")) return [join(root, layer)];
  return readdirSync(join(root, layer), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(root, layer, name));
};

interface Import {
  readonly file: string;
  /** Layer and path for the repository's own, e.g. `plan/cidr`; else the module's name. */
  readonly target: string;
  readonly own: boolean;
}

/** Every module that a file imports, statically, dynamically or by `require`. */
function importsOf(file: string): Import[] {
  return ts.preProcessFile(readFileSync(file, "utf8"), true, true).importedFiles.map(({ fileName }) => ({
    file: relative(root, file),
    own: fileName.startsWith("."),
    target: fileName.startsWith(".") ? relative(root, resolve(dirname(file), fileName)) : fileName,
  }));
}

const layers = Object.keys(allowed);
const importsBy = new Map(layers.map((layer) => [layer, sources(layer).flatMap(importsOf)]));

/** The one thing that is asked by `up`, `verify` and `recover` alike: vCenter. */
const sharedClient = "components/preflight/vcenter-api";

test.each(layers)("%s imports only what stands left of it", (layer) => {
  const wrong = (importsBy.get(layer) ?? [])
    .filter(({ own, target }) => own && !(allowed[layer] ?? []).includes(target.split("/")[0] ?? ""))
    .filter(({ target }) => !(["verify", "recover"].includes(layer) && target === sharedClient))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(wrong).toEqual([]);
});

test("only config/load.ts, components and index.ts know Pulumi", () => {
  const wrong = ["config", "plan", "render", "verify", "recover", "tools"]
    .flatMap((layer) => importsBy.get(layer) ?? [])
    .filter(({ file, target }) => target.startsWith("@pulumi/") && file !== "config/load.ts")
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(wrong).toEqual([]);
});

test("vCenter's client, which verify and recover take from components, knows no Pulumi", () => {
  const reached = new Set([sharedClient]);
  const imported: string[] = [];
  for (const module of reached)
    for (const { own, target } of importsOf(join(root, `${module}.ts`))) {
      imported.push(target);
      if (own) reached.add(target);
    }
  expect(imported).toContain("node:https");
  expect(imported.filter((target) => target.startsWith("@pulumi/"))).toEqual([]);
});

test("config/load.ts reaches nobody but components and index.ts, or the tools would need Pulumi", () => {
  const wrong = ["config", "plan", "render", "verify", "recover", "tools"]
    .flatMap((layer) => importsBy.get(layer) ?? [])
    .filter(({ target }) => target === "config/load")
    .map(({ file }) => file);
  expect(wrong).toEqual([]);
});

/** Modules of Node that compute and do nothing else. */
const pureModules = ["node:crypto", "node:zlib", "node:util"];

test("plan and render import no module that reads files, the network or the machine", () => {
  const wrong = ["plan", "render"]
    .flatMap((layer) => importsBy.get(layer) ?? [])
    .filter(({ target }) => isBuiltin(target) && !pureModules.includes(target))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(wrong).toEqual([]);
});

/** What would make the same input give other bytes: clock, randomness, environment, process, global network. */
const impure: readonly (readonly [object: string, member?: string])[] = [
  ["process"],
  ["Date"],
  ["performance"],
  ["fetch"],
  ["setTimeout"],
  ["setInterval"],
  ["Math", "random"],
  ["crypto"],
  ["randomBytes"],
  ["randomUUID"],
  ["randomInt"],
  ["generateKeyPairSync"],
];

/** Uses of impure names, found in the syntax tree: a comment or a text may speak of a Date. */
function impureUses(file: string): string[] {
  const tree = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isNameOnly(node)) {
      const use = impure.find(
        ([object, member]) => node.text === object && (member === undefined || isMember(node, member)),
      );
      if (use !== undefined) {
        const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
        found.push(`${relative(root, file)}:${line + 1} uses ${use.join(".")}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

const isMember = (node: ts.Identifier, member: string): boolean =>
  ts.isPropertyAccessExpression(node.parent) && node.parent.expression === node && node.parent.name.text === member;

/** A property, a key or a type of that name is not the global. */
const isNameOnly = (node: ts.Identifier): boolean =>
  (ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) ||
  (ts.isPropertyAssignment(node.parent) && node.parent.name === node) ||
  ts.isPropertySignature(node.parent) ||
  ts.isTypeReferenceNode(node.parent);

test("plan and render use no clock, randomness or environment", () => {
  expect(["plan", "render"].flatMap(sources).flatMap(impureUses)).toEqual([]);
});

test("the product never imports the lab or the tests", () => {
  const wrong = [...importsBy.values()]
    .flat()
    .filter(({ own, target }) => own && /^(lab|test)(\/|$)/.test(target))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(wrong).toEqual([]);
});

test("the test itself sees imports: the layers are there, and import each other", () => {
  for (const layer of layers) expect(existsSync(join(root, layer))).toBe(true);
  expect(importsBy.get("plan")?.some(({ target }) => target === "config/site")).toBe(true);
  expect(importsBy.get("components")?.some(({ target }) => target.startsWith("@pulumi/"))).toBe(true);
  expect(importsBy.get("index.ts")?.some(({ target }) => target.startsWith("components/"))).toBe(true);
});
