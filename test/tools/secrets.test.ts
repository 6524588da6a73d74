/** `npm run secrets` with the real engine and a state of its own: what it sets, keeps, refuses, and never shows. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { utils } from "ssh2";
import { consoleProgress } from "../../lab/progress";
import { ensureToolchain } from "../../lab/toolchain";
import { secretSchemas, type Secrets } from "../../config/secrets";

const repository = join(__dirname, "../..");
const project = "kubernetes-vsphere";
let root: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const toolchain = await ensureToolchain({ progress: consoleProgress(), names: ["pulumi"] });
  root = mkdtempSync(join(tmpdir(), "secrets-"));
  mkdirSync(join(root, "state"));
  for (const name of ["Pulumi.yaml", "Pulumi.siziano.yaml", "Pulumi.dr.yaml"]) {
    cpSync(join(repository, name), join(root, name));
  }
  env = {
    ...process.env,
    ...toolchain.env,
    PULUMI_BACKEND_URL: `file://${join(root, "state")}`,
    PULUMI_CONFIG_PASSPHRASE: "test",
    PULUMI_HOME: join(root, "home"),
  };
  for (const stack of ["siziano", "dr"]) pulumi("stack", "init", stack);
}, 300_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

function pulumi(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync("pulumi", [...args, "--non-interactive"], {
    cwd: root,
    env,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function secrets(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(join(repository, "tools/run"), ["secrets", "--root", root, ...args], {
    env,
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

interface Report {
  readonly stacks: readonly { stack: string; made: string[]; missing: string[] }[];
}
const reported = (...args: string[]): Report["stacks"] => {
  const { status, stdout, stderr } = secrets("--json", ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  return (JSON.parse(stdout) as Report).stacks;
};

function held(stack: string): Partial<Secrets> {
  const all = JSON.parse(pulumi("config", "--show-secrets", "--json", "--stack", stack)) as Record<
    string,
    { value: string; secret: boolean }
  >;
  return Object.fromEntries(
    (
      ["deployKey", "verifyKey", "sshHostKeys", "bgpPasswords", "meshCa", "encryptionKeys", "backupKeys"] as const
    ).flatMap((key) => {
      const entry = all[`${project}:${key}`];
      if (!entry?.value) return [];
      expect(entry.secret).toBe(true);
      return [[key, secretSchemas[key].parse(JSON.parse(entry.value))]];
    }),
  ) as Partial<Secrets>;
}

/** Every text in a value. */
const texts = (value: unknown): string[] =>
  typeof value === "string"
    ? [value]
    : typeof value === "object" && value !== null
      ? Object.values(value).flatMap(texts)
      : [];

test("a stack's life of secrets", () => {
  // The first run makes all that is random, and names what is not.
  const [first] = reported("siziano");
  expect(first?.made).toEqual(
    expect.arrayContaining([
      "deployKey",
      "verifyKey",
      "meshCa",
      "sshHostKeys.bgp2",
      "bgpPasswords.upstream",
      "encryptionKeys.capi",
      "backupKeys.password",
      "backupKeys.ssh",
    ]),
  );
  expect(first?.missing).toEqual(["vcenterPassword", "activeDirectoryPassword", "dnsAdministrationKey"]);
  const siziano = held("siziano");

  // Nothing of it is in the file in clear, nor in what the command prints.
  const file = readFileSync(join(root, "Pulumi.siziano.yaml"), "utf8");
  const again = secrets("siziano");
  for (const secret of texts(siziano).filter((text) => !text.startsWith("ssh-ed25519"))) {
    expect(file).not.toContain(secret);
    expect(again.stdout + again.stderr).not.toContain(secret);
  }

  // The second run keeps everything.
  expect(again.stdout).toContain("siziano: nothing to make");
  expect(held("siziano")).toEqual(siziano);

  // A part is rotated alone.
  expect(reported("siziano", "--rotate", "bgpPasswords.clusters.management")[0]?.made).toEqual([
    "bgpPasswords.clusters.management",
  ]);
  const rotated = held("siziano");
  expect(rotated.bgpPasswords?.clusters.management).not.toBe(siziano.bgpPasswords?.clusters.management);
  expect({ ...rotated, bgpPasswords: undefined }).toEqual({ ...siziano, bgpPasswords: undefined });
  expect(rotated.bgpPasswords?.upstream).toBe(siziano.bgpPasswords?.upstream);

  // A meshed site takes the CA that is there, and no more than that.
  reported("dr");
  const dr = held("dr");
  expect(dr.meshCa).toEqual(siziano.meshCa);
  const own = texts({ ...dr, meshCa: undefined });
  expect(texts({ ...siziano, meshCa: undefined }).filter((text) => own.includes(text))).toEqual([]);
  expect(dr.bgpPasswords?.upstream).toBeUndefined();

  // The CA is rotated everywhere or nowhere; keys that encrypt data never.
  expect(secrets("siziano", "--rotate", "meshCa")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("dr") as string,
  });
  expect(held("siziano").meshCa).toEqual(siziano.meshCa);
  reported("siziano", "dr", "--rotate", "meshCa");
  expect(held("siziano").meshCa).not.toEqual(siziano.meshCa);
  expect(held("dr").meshCa).toEqual(held("siziano").meshCa);
  for (const key of ["encryptionKeys", "backupKeys.password"])
    expect(secrets("siziano", "--rotate", key).status).toBe(1);
  expect(secrets("siziano", "--rotate", "colour").stderr).toContain("nothing to rotate");

  // A stack file elsewhere is a rehearsal: it shares nothing with the real sites.
  const elsewhere = join(root, "elsewhere.yaml");
  cpSync(join(repository, "Pulumi.siziano.yaml"), elsewhere);
  pulumi("stack", "init", "rehearsal");
  reported("rehearsal", "--config-file", elsewhere);
  const rehearsal = JSON.parse(
    pulumi("config", "get", "meshCa", "--stack", "rehearsal", "--config-file", elsewhere),
  ) as Secrets["meshCa"];
  expect(rehearsal).not.toEqual(held("siziano").meshCa);
}, 300_000);

test("what is generated is what its users take", () => {
  const { deployKey, verifyKey, meshCa, sshHostKeys } = held("siziano");
  for (const pair of [deployKey, verifyKey, ...Object.values(sshHostKeys ?? {})]) {
    const key = utils.parseKey(pair?.privateKey ?? "");
    if (key instanceof Error) throw key;
    expect(key.type).toBe("ssh-ed25519");
    expect(`ssh-ed25519 ${key.getPublicSSH().toString("base64")}`).toBe(
      pair?.publicKey.split(" ").slice(0, 2).join(" "),
    );
  }
  const certificate = new X509Certificate(meshCa?.certificate ?? "");
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  const fromKey = createPublicKey(createPrivateKey(meshCa?.privateKey ?? ""));
  expect(certificate.publicKey.equals(fromKey)).toBe(true);
});

test("a stack that does not exist, a wrong passphrase and a wrong call are told apart, with a remedy", () => {
  expect(secrets("nowhere").status).toBe(2);
  expect(secrets().status).toBe(2);
  expect(secrets("siziano", "dr", "--config-file", "x").status).toBe(2);
  const wrong = spawnSync(join(repository, "tools/run"), ["secrets", "--root", root, "siziano"], {
    env: { ...env, PULUMI_CONFIG_PASSPHRASE: "wrong" },
    encoding: "utf8",
  });
  expect(wrong.status).toBe(1);
  expect(wrong.stderr).toContain("PULUMI_CONFIG_PASSPHRASE");
}, 60_000);
