/** `npm run secrets`: makes the secrets that are random, sets them encrypted, and says which ones only a human knows. */
import { secretDeciders, secretNeeds, type SecretNeeds } from "../config/secret-needs";
import { generatedSecrets, secretSchemas, type SecretName, type Secrets } from "../config/secrets";
import { parseSiteFiles, projectName, readSiteFile, readSiteFiles, type SiteFile } from "../config/site-files";
import type { Drafts } from "../plan/facts";
import { CommandError, exitCodes, projectRoot, runCommand, UsageError } from "./command";
import { meshOf, sharedMeshCa } from "./mesh-ca";
import { stackConfig, type StackConfig } from "./pulumi-config";
import { checkRotation, completeSecrets, parseCurrent, type CurrentSecrets } from "./secret-completion";
import { generateMeshCa } from "./secret-values";

const help = `npm run secrets -- STACK [STACK ...] [--rotate NAME ...] [--mesh-ca-from STACK] [--config-file FILE] [--json]

Makes the secrets that are random (SSH keys, BGP passwords, the mesh's CA, encryption keys) and sets them, encrypted,
with \`pulumi config set --secret\`. What is set stays; no value is ever printed, or in an argument. Says at the end
which secrets a human must set. Run it again after adding a host or a cluster.

  --rotate NAME         a new value for a secret (bgpPasswords) or a part of it (bgpPasswords.clusters.NAME)
  --mesh-ca-from STACK  copy the mesh's CA from that stack; default: from a meshed stack whose file holds one.
                        Its passphrase, if another one: SOURCE_CONFIG_PASSPHRASE
  --config-file FILE    the stack's file, where it is not beside Pulumi.yaml; one STACK only
  --json                {"version": 1, "stacks": [{stack, made, missing}]}
  --root DIR            the project's folder; default: this repository

Exit code 0: set, 1: refused, 2: called wrongly.`;

interface Stack {
  readonly file: SiteFile;
  readonly config: StackConfig;
  readonly needs: SecretNeeds;
  readonly texts: ReadonlyMap<string, string>;
  readonly current: CurrentSecrets;
}

interface Result {
  readonly stack: string;
  readonly made: readonly string[];
  readonly missing: readonly SecretName[];
}

void runCommand({
  help,
  options: {
    rotate: { type: "string", multiple: true, default: [] as string[] },
    "mesh-ca-from": { type: "string" },
    "config-file": { type: "string" },
    json: { type: "boolean" },
    root: { type: "string" },
  },
  async run({ rotate = [], json, root = projectRoot, ...options }, names) {
    if (names.length === 0) throw new UsageError("name a stack");
    if (options["config-file"] !== undefined && names.length > 1) {
      throw new UsageError("--config-file goes with one stack");
    }
    const region = openStacks(root, names, options["config-file"]);
    for (const { needs } of region.stacks) checkRotation(rotate, needs);
    const results: Result[] = [];
    const made = new Map<string, Secrets["meshCa"]>();
    for (const stack of region.stacks) {
      const meshCa = stack.needs.keys.includes("meshCa")
        ? await meshCaOf(region, stack, rotate, options["mesh-ca-from"], made)
        : undefined;
      results.push(complete(region.project, stack, rotate, meshCa));
    }
    report(results, json === true);
    return exitCodes.done;
  },
});

interface Region {
  readonly root: string;
  readonly project: string;
  readonly drafts: Drafts;
  /** Files of all stacks; of those that are named, the ones that are in use. */
  readonly files: readonly SiteFile[];
  readonly stacks: readonly Stack[];
  /** A stack file elsewhere belongs to a rehearsal, which has nothing to do with the other sites' real secrets. */
  readonly alone: boolean;
}

function openStacks(root: string, names: readonly string[], configFile: string | undefined): Region {
  const project = projectName(root);
  const own = configFile === undefined ? [] : names.map((name) => readSiteFile(name, configFile, project));
  const taken = own.flatMap(({ stack, site }) => [stack, site]);
  const files = [
    ...own,
    ...readSiteFiles(
      root,
      own.map(({ stack }) => stack),
    ).filter(({ site }) => !taken.includes(site)),
  ];
  const { drafts } = parseSiteFiles(files);
  const stacks = names.map((name): Stack => {
    const file = files.find(({ stack }) => stack === name);
    if (file === undefined) {
      throw new UsageError(`${name}: no such stack; there are ${files.map(({ stack }) => stack).join(", ")}`);
    }
    const deciders = secretDeciders(drafts[file.site] ?? {});
    if (!deciders) throw new CommandError(`${name}: its site file has faults. Remedy: npm run check`);
    const config = stackConfig({ root, stack: name, configFile });
    const texts = config.read();
    return {
      file,
      config,
      texts,
      needs: secretNeeds(deciders),
      current: parseCurrent(name, texts, project),
    };
  });
  return { root, project, drafts, files, stacks, alone: configFile !== undefined };
}

async function meshCaOf(
  region: Region,
  stack: Stack,
  rotate: readonly string[],
  from: string | undefined,
  made: Map<string, Secrets["meshCa"]>,
): Promise<Secrets["meshCa"]> {
  const mesh = meshOf(region.drafts, stack.file.site);
  if (from !== undefined && !region.files.some((file) => file.stack === from && mesh.includes(file.site))) {
    throw new UsageError(`--mesh-ca-from ${from}: no stack that ${stack.file.stack} is meshed with`);
  }
  const name = mesh.join("+");
  const known = made.get(name);
  if (known !== undefined) return known;
  const ca = rotate.includes("meshCa")
    ? rotatedMeshCa(region, mesh)
    : sharedMeshCa(
        region.files
          .filter((file) => mesh.includes(file.site))
          .map((file) => ({ site: file.site, read: () => heldMeshCa(region, file, from) })),
      );
  const result = ca ?? (await generateMeshCa());
  made.set(name, result);
  return result;
}

/** Rotation makes a new CA, for all members at once or not at all: two CAs in one mesh cut it in two. */
function rotatedMeshCa(region: Region, mesh: readonly string[]): undefined {
  const missing = mesh.filter((site) => !region.stacks.some(({ file }) => file.site === site));
  if (missing.length > 0) {
    throw new CommandError(`meshCa: shared with ${missing.join(", ")}. Remedy: name all meshed stacks`);
  }
}

function heldMeshCa(region: Region, file: SiteFile, from: string | undefined): Secrets["meshCa"] | undefined {
  const named = region.stacks.find((stack) => stack.file === file);
  if (named !== undefined) return named.current.meshCa;
  if (from === undefined ? region.alone || !file.secrets.includes("meshCa") : file.stack !== from) return undefined;
  const passphrase = process.env.SOURCE_CONFIG_PASSPHRASE;
  const environment = passphrase === undefined ? {} : { PULUMI_CONFIG_PASSPHRASE: passphrase };
  const source = stackConfig({ root: region.root, stack: file.stack, environment });
  const { meshCa } = parseCurrent(file.stack, source.read(), region.project);
  if (meshCa === undefined) throw new CommandError(`${file.stack}: holds no meshCa to copy`);
  return meshCa;
}

function complete(
  project: string,
  { file, config, needs, texts, current }: Stack,
  rotate: readonly string[],
  meshCa: Secrets["meshCa"] | undefined,
): Result {
  const { values, made } = completeSecrets(file.site, needs, current, rotate, meshCa);
  for (const [key, value] of Object.entries(values)) config.setSecret(key, JSON.stringify(value));
  const generated: readonly string[] = generatedSecrets;
  const missing = needs.keys.filter((key) => !generated.includes(key) && !texts.get(`${project}:${key}`));
  return { stack: file.stack, made, missing };
}

function report(stacks: readonly Result[], json: boolean): void {
  if (json) {
    console.log(JSON.stringify({ version: 1, stacks }, undefined, 2));
    return;
  }
  for (const { stack, made, missing } of stacks) {
    console.log(`${stack}: ${made.length === 0 ? "nothing to make" : `made ${made.join(", ")}`}`);
    for (const key of missing) {
      console.log(`${stack}: yours to set: ${key} (${secretSchemas[key].description ?? ""})`);
      console.log(`    pulumi config set --secret ${key} --stack ${stack}`);
    }
  }
}
