import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { loadConfig, type LoadedConfig } from "../../config/load";
import { readSiteFiles } from "../../config/site-files";
import { generateEncryptionKey, generateMeshCa, generateSshKeyPair } from "../../tools/secret-values";
import { checkedSites } from "../../plan/check";

const repository = join(__dirname, "../..");
const project = "kubernetes-vsphere";
let root: string;
let secrets: Record<string, string>;

/** Awkward on purpose: quotes, braces, spaces, umlauts, what shells and templates would take for themselves. */
const awkward = `a "b' \${c} {{d}} %e \\ ü`;

beforeAll(async () => {
  const key = generateSshKeyPair("test");
  secrets = {
    vcenterPassword: awkward,
    activeDirectoryPassword: awkward,
    dnsAdministrationKey: awkward,
    deployKey: JSON.stringify(key),
    verifyKey: JSON.stringify(key),
    sshHostKeys: JSON.stringify(
      Object.fromEntries(["jump", "auth", "bgp1", "bgp2", "capi"].map((name) => [name, key])),
    ),
    bgpPasswords: JSON.stringify({ upstream: "up!", clusters: { management: "m$1", workloads: 'w"2' } }),
    meshCa: JSON.stringify(await generateMeshCa()),
    backupKeys: JSON.stringify({ password: awkward, ssh: key }),
    encryptionKeys: JSON.stringify(
      Object.fromEntries(["capi", "management", "workloads"].map((name) => [name, generateEncryptionKey()])),
    ),
  };
});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "load-"));
  writeFileSync(join(root, "Pulumi.yaml"), `name: ${project}\nruntime: nodejs\n`);
});
afterEach(() => rmSync(root, { recursive: true }));

/** Values as the engine hands them over: strings, structured ones as JSON. */
const engineValues = (stack: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries(readSiteFiles(repository).find((file) => file.stack === stack)?.values ?? {}).map(([key, value]) => [
      key,
      typeof value === "string" ? value : JSON.stringify(value),
    ]),
  );

function load(values: Record<string, string>, secretValues: Record<string, string>, stack = "siziano"): LoadedConfig {
  const all = Object.fromEntries(
    Object.entries({ ...values, ...secretValues }).map(([key, value]) => [`${project}:${key}`, value]),
  );
  void pulumi.runtime.setMocks(
    { newResource: ({ name }) => ({ id: name, state: {} }), call: () => ({}) },
    project,
    stack,
  );
  pulumi.runtime.setAllConfig(
    all,
    Object.keys(secretValues).map((key) => `${project}:${key}`),
  );
  const cwd = process.cwd();
  process.chdir(root);
  try {
    return loadConfig();
  } finally {
    process.chdir(cwd);
  }
}

const valueOf = <T>(output: pulumi.Output<T>): Promise<T> => (output as unknown as { promise(): Promise<T> }).promise();
const isSecret = (output: pulumi.Output<unknown>): Promise<boolean> =>
  (output as unknown as { isSecret: Promise<boolean> }).isSecret;

test("a complete stack loads without a fault, its siblings from their files", () => {
  const sibling = "config:\n  kubernetes-vsphere:parentDomain: example.org\n";
  writeFileSync(join(root, "Pulumi.dr.yaml"), sibling);
  const { siteName, files } = load(engineValues("siziano"), secrets);
  expect(siteName).toBe("siziano");
  expect(files.faults.filter(({ site }) => site === "siziano")).toEqual([]);
  expect(files.drafts.siziano?.clusters?.management?.id).toBe(1);
  expect(files.drafts.dr?.parentDomain).toBe("example.org");
  expect(files.faults.some(({ site }) => site === "dr")).toBe(true);
});

test("the engine's values count, not those of the stack's own file in the project", () => {
  writeFileSync(join(root, "Pulumi.siziano.yaml"), "config:\n  kubernetes-vsphere:parentDomain: from.the.file\n");
  const { files } = load(engineValues("siziano"), secrets);
  expect(files.drafts.siziano?.parentDomain).toBe("simplebooking.local");
});

test("a stack of another name stands in for the site that it names", () => {
  writeFileSync(join(root, "Pulumi.siziano.yaml"), "config:\n  kubernetes-vsphere:parentDomain: from.the.file\n");
  const { siteName, files } = load({ ...engineValues("siziano"), site: "siziano" }, secrets, "rehearsal");
  expect(siteName).toBe("siziano");
  expect(Object.keys(files.drafts)).toEqual(["siziano"]);
  expect(files.drafts.siziano?.parentDomain).toBe("simplebooking.local");
});

test("secrets are secret Outputs, and come through whole, awkward characters included", async () => {
  const loaded = load(engineValues("siziano"), secrets);
  for (const output of Object.values(loaded.secrets)) expect(await isSecret(output)).toBe(true);
  expect(await valueOf(loaded.secrets.vcenterPassword)).toBe(awkward);
  expect(await valueOf(loaded.secrets.bgpPasswords)).toEqual(JSON.parse(secrets.bgpPasswords ?? ""));
  expect(loaded.secrets.authCertificateKey).toBeUndefined();
});

test("a password that looks like JSON stays the text it is", async () => {
  const loaded = load(engineValues("siziano"), { ...secrets, vcenterPassword: "12345" });
  expect(await valueOf(loaded.secrets.vcenterPassword)).toBe("12345");
});

test("every missing secret is a fault beside the others, and none of them reaches `up`", () => {
  const { files } = load(
    { ...engineValues("siziano"), serviceCidr: "10.44.0.0/16" },
    { meshCa: "", deployKey: secrets.deployKey ?? "" },
  );
  const missing = files.faults.filter(({ rule }) => rule === "missing-secret");
  expect(missing.map(({ path }) => path).sort()).toEqual([
    "activeDirectoryPassword",
    "backupKeys",
    "bgpPasswords",
    "dnsAdministrationKey",
    "encryptionKeys",
    "meshCa",
    "sshHostKeys",
    "vcenterPassword",
    "verifyKey",
  ]);
  expect(missing.find(({ path }) => path === "vcenterPassword")?.remedy).toContain("pulumi config set --secret");
  expect(missing.find(({ path }) => path === "meshCa")?.remedy).toBe("npm run secrets -- siziano");
  expect(() => checkedSites(files, { up: "siziano" })).toThrow(/service-range[^]*missing-secret/);
});

test.each([
  [
    "sshHostKeys",
    { jump: { privateKey: "CANARY", publicKey: "CANARY" } },
    ["auth", "bgp1", "bgp2", "capi"],
    "missing-secret",
  ],
  [
    "bgpPasswords",
    { upstream: "CANARY", clusters: {} },
    ["clusters.management", "clusters.workloads"],
    "missing-secret",
  ],
  ["bgpPasswords", { upstream: "CANARY with a space", clusters: {} }, ["upstream"], "malformed-secret"],
  ["backupKeys", { password: "CANARY" }, ["ssh"], "missing-secret"],
  ["encryptionKeys", { capi: "CANARY" }, ["capi"], "malformed-secret"],
])("%s that is incomplete or malformed is a fault by its paths, without its value", (key, value, paths, rule) => {
  const { files } = load(engineValues("siziano"), { ...secrets, [key]: JSON.stringify(value) });
  expect(files.faults.map((fault) => [fault.path, fault.rule])).toEqual(paths.map((path) => [`${key}.${path}`, rule]));
  expect(JSON.stringify(files)).not.toContain("CANARY");
});

test("a secret that should be structured and is no JSON is a fault without its value", () => {
  const { files } = load(engineValues("siziano"), { ...secrets, meshCa: "CANARY {" });
  expect(files.faults.map(({ path, rule }) => [path, rule])).toEqual([["meshCa", "malformed-secret"]]);
  expect(JSON.stringify(files)).not.toContain("CANARY");
});

test("a provided certificate needs its key, a site without a mesh no CA", () => {
  const hosts = JSON.parse(engineValues("siziano").hosts ?? "") as { auth: { certificate: unknown } };
  hosts.auth.certificate = { kind: "provided", certificate: "x" };
  const clusters = JSON.parse(engineValues("siziano").clusters ?? "") as Record<string, { meshWith?: string[] }>;
  for (const cluster of Object.values(clusters)) delete cluster.meshWith;
  const others = Object.fromEntries(Object.entries(secrets).filter(([key]) => key !== "meshCa"));
  const { files } = load(
    { ...engineValues("siziano"), hosts: JSON.stringify(hosts), clusters: JSON.stringify(clusters) },
    others,
  );
  expect(files.faults.map(({ path, rule }) => [path, rule])).toEqual([["authCertificateKey", "missing-secret"]]);
});
