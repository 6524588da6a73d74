/** Waiting for the webhooks' certificates, against a real API server; the controller that issues them is played here. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { upstreamFolder } from "../../lab/images/layer";
import { run } from "../../lab/run";
import { awaitCertificates } from "../../render/cluster-api/certificates";
import { startKubeApi, type KubeApi } from "../support/kube-api";
import { labProgram } from "../support/lab-program";

// The API server is built at the first call ever.
jest.setTimeout(1_800_000);

async function definition(): Promise<string> {
  const source = { toolchain: "cert-manager", goModule: "github.com/cert-manager/cert-manager" };
  const file = join(await upstreamFolder(source), "deploy/crds/crd-certificates.yaml");
  const crd = parse(readFileSync(file, "utf8")) as { metadata: { labels?: unknown } };
  delete crd.metadata.labels; // Helm fills them in
  return stringify(crd);
}

let api: KubeApi;
beforeAll(async () => {
  api = await startKubeApi({ crds: [await definition()] });
});
afterAll(() => api?.stop());

const certificate = (namespace: string) => ({
  apiVersion: "cert-manager.io/v1",
  kind: "Certificate",
  metadata: { name: "serving", namespace },
  spec: { secretName: "serving", dnsNames: ["webhook"], issuerRef: { name: "self-signed" } },
});
const now = new Date().toISOString();
const ready = (status: string) => ({ type: "Ready", status, reason: "Issuing", lastTransitionTime: now });
const failed = { lastFailureTime: now, failedIssuanceAttempts: 1 };

async function wait(namespaces: readonly string[], seconds: number) {
  const kubectl = `${await labProgram("kubectl")} --kubeconfig ${api.kubeconfigFile}`;
  return run(["sh", "-c", awaitCertificates(namespaces, { kubectl, seconds, interval: 0.2 })], { accept: "any" });
}

const said = (...lines: readonly string[]) =>
  ["after 1 s not all webhooks of Cluster API have their certificates:", ...lines, ""].join("\n");

test("ends once each namespace has one, and all are issued", async () => {
  await api.apply(certificate("a"));
  await api.setStatus(certificate("a"), { conditions: [ready("True")] });
  expect(await wait(["a", "b"], 1)).toMatchObject({ code: 1, stderr: said("b: no certificate yet") });
  await api.apply(certificate("b"));
  expect(await wait(["a", "b"], 1)).toMatchObject({ code: 1, stderr: said("b/serving: not issued yet") });
  await api.setStatus(certificate("b"), { conditions: [ready("False")] });
  expect(await wait(["a", "b"], 1)).toMatchObject({ code: 1, stderr: said("b/serving: not issued yet") });
  await api.setStatus(certificate("b"), { conditions: [ready("True")] });
  expect(await wait(["a", "b"], 60)).toEqual({ code: 0, stdout: "", stderr: "" });
});

test.each([
  ["with a condition", "c", { ...failed, conditions: [ready("False")] }],
  ["before it has any", "d", failed],
])("one that failed, %s, is asked for again at once, and that is told", async (_, namespace, status) => {
  await api.apply(certificate(namespace));
  await api.setStatus(certificate(namespace), status);
  const { code, stderr } = await wait([namespace], 1);
  expect({ code, told: stderr.split("\n")[0] }).toEqual({
    code: 1,
    told: `${namespace}/serving: its issuance failed, and is asked for again`,
  });
  const { body } = await api.get(certificate(namespace));
  expect(body.status).not.toHaveProperty("lastFailureTime");
  expect(body.status).not.toHaveProperty("failedIssuanceAttempts");
});

test("an API server that does not answer is said", async () => {
  const script = awaitCertificates(["a"], { kubectl: "echo refused >&2; false", seconds: 1, interval: 0.2 });
  expect(await run(["sh", "-c", script], { accept: "any" })).toMatchObject({ code: 1, stderr: said("refused") });
});
