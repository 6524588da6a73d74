import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { SubjectAlternativeNameExtension, X509Certificate, X509CertificateGenerator } from "@peculiar/x509";
import { generateMeshCa } from "../../tools/secret-values";
import { faultsOf, set, soundSites, type Values } from "./sound-sites";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** A leaf for `name`, issued by `ca`. */
async function issue(ca: { certificate: string; privateKey: string }, name: string): Promise<string> {
  const { subtle } = webcrypto;
  const keys = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const der = Buffer.from(ca.privateKey.replace(/-----[^-]+-----|\s/g, ""), "base64");
  const signingKey = await subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
  const leaf = await X509CertificateGenerator.create(
    {
      subject: `CN=${name}`,
      issuer: new X509Certificate(ca.certificate).subject,
      publicKey: keys.publicKey,
      signingKey,
      signingAlgorithm: algorithm,
      extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
    },
    webcrypto,
  );
  return `${leaf.toString("pem")}\n`;
}

const auth = "auth.cmp.siziano.simplebooking.local";
let sound: Values;
let ca: Awaited<ReturnType<typeof generateMeshCa>>;
let leaf: string;

beforeAll(async () => {
  sound = await soundSites();
  ca = await generateMeshCa();
  leaf = await issue(ca, auth);
});

function problems(certificate: string): string[] {
  const values = structuredClone(sound);
  set(values, "siziano", "hosts.auth.certificate", { kind: "provided", certificate });
  return faultsOf(values).map(({ rule, path, problem }) => `${rule} ${path}: ${problem}`);
}

const at = "provided-certificate hosts.auth.certificate.certificate";

test("a provided certificate for auth's name is accepted, with and without its chain", () => {
  expect(problems(leaf)).toEqual([]);
  expect(problems(leaf + ca.certificate)).toEqual([]);
});

test("a provided certificate that browsers would refuse is refused", async () => {
  expect(problems("none")).toEqual([`${at}: holds no PEM certificate that can be read`]);
  expect(problems(leaf.replace(/\nM/, "\nN"))).toEqual([`${at}: holds no PEM certificate that can be read`]);
  expect(problems(ca.certificate + leaf)).toEqual([`${at}: starts with a CA's certificate`]);
  expect(problems(await issue(ca, "dex.example.org"))).toEqual([`${at}: is not for ${auth}`]);
  const stranger = await generateMeshCa();
  expect(problems(leaf + stranger.certificate)).toEqual([
    `${at}: is not a chain: a certificate is not issued by the one after it`,
  ]);
});

test("a CA that is none is refused", () => {
  const values = structuredClone(sound);
  set(values, "siziano", "vcenter.tls.caCertificate", leaf);
  expect(faultsOf(values)).toMatchObject([
    {
      rule: "certificate-authority",
      path: "vcenter.tls.caCertificate",
      problem: "holds a certificate that is not a CA's",
    },
  ]);
});

test("an example's certificate is refused in a confirmed production site", async () => {
  const { readSiteFiles } = await import("../../config/site-files");
  const example = readSiteFiles(`${__dirname}/../..`).find(({ site }) => site === "siziano")?.values.vcenter;
  const values = structuredClone(sound);
  set(values, "siziano", "vcenter.tls", (example as { tls: unknown }).tls);
  expect(faultsOf(values)).toMatchObject([{ rule: "example-left", path: "vcenter.tls.caCertificate" }]);
});
