/** Cluster API's resources: what waits for what, and where charts, manifests and trust come from, for each kind of source. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { ClusterApi } from "../../components/cluster-api";
import type { Connection } from "../../components/ssh-access";
import type { Site } from "../../config/site";
import { planRegion } from "../../plan/plan";
import { providerFolder, providerPlans } from "../../render/cluster-api/providers";
import { exampleSites } from "../support/example-sites";
import { kubernetesMocks } from "../support/kubernetes-mocks";
import { project } from "../support/site-stack";
import { installStrictMocks, type Registered } from "../support/strict-mocks";

const sites = exampleSites();
const plan = planRegion(sites, "siziano");
const from = (mirrors: Partial<Site["mirrors"]>): Site => ({
  ...sites.siziano,
  mirrors: { ...sites.siziano.mirrors, ...mirrors },
});
const upstream = from({ components: { kind: "upstream" }, registry: undefined });
const registry = from({
  components: { kind: "registry" },
  registry: { url: "https://harbor.example/kubernetes/", caCertificate: "PEM of the CA" },
});

/** The component as a program wires it, below a parent that stands for the program's own. */
class Deployment extends pulumi.ComponentResource {
  constructor(site: Site, connection?: Connection) {
    super("test:Deployment", "siziano");
    const provider = new k8s.Provider("siziano-plane", { kubeconfig: "plane" }, { parent: this });
    const args = { site, plan, ...(connection && { connection }) };
    new ClusterApi("siziano-api", args, { parent: this, providers: [provider] });
  }
}

async function deploy(site: Site, connection?: Connection): Promise<readonly Registered[]> {
  const recording = await installStrictMocks(project, "siziano", kubernetesMocks);
  new Deployment(site, connection);
  await pulumi.runtime.disconnect();
  expect(recording.refused).toEqual([]);
  return recording.registered;
}

const named = (registered: readonly Registered[], name: string): Registered => {
  const found = registered.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`${name} is none of ${registered.map((each) => each.name).join(", ")}`);
  return found;
};

const labels = providerPlans(plan).map(({ label }) => label);

test("installs certificates, operator, core and the other providers in this order, and asks the webhooks last", async () => {
  const registered = await deploy(upstream);
  const waitsFor = (name: string) => named(registered, `siziano-api${name}`).dependsOn;
  expect(waitsFor("-operator")).toContain("siziano-api-cert-manager");
  expect(waitsFor("-cluster-api")).toContain("siziano-api-operator");
  for (const label of labels.slice(1)) expect(waitsFor(`-${label}`)).toContain("siziano-api-cluster-api");
  for (const label of labels) expect(waitsFor("-probe")).toContain(`siziano-api-${label}`);
});

test("watches the webhooks' certificates beside the providers, which wait for them; a plane of others has no SSH for that", async () => {
  const withSsh = await deploy(upstream, { host: "192.0.2.1" });
  expect(named(withSsh, "siziano-api-certificates").dependsOn).toEqual(["siziano-api-cert-manager"]);
  for (const label of labels)
    expect(named(withSsh, `siziano-api-${label}`).dependsOn).not.toContain("siziano-api-certificates");
  expect((await deploy(upstream)).map(({ name }) => name)).not.toContain("siziano-api-certificates");
});

test("upstream: charts from their repositories, manifests from where the operator knows them", async () => {
  const registered = await deploy(upstream);
  expect(named(registered, "siziano-api-cert-manager").inputs).toMatchObject({
    chart: "cert-manager",
    version: plan.versions.certManager,
    repositoryOpts: { repo: "https://charts.jetstack.io" },
  });
  expect(named(registered, "siziano-api-operator").inputs).toMatchObject({
    chart: "cluster-api-operator",
    version: plan.versions.clusterApiOperator.slice(1),
  });
  for (const label of labels) {
    expect(named(registered, `siziano-api-${label}`).inputs.spec).not.toHaveProperty("fetchConfig");
  }
});

test("a registry: charts and manifests from below its path, and the operator trusts its CA", async () => {
  const registered = await deploy(registry);
  const { inputs } = named(registered, "siziano-api-operator");
  expect(inputs.chart).toBe("oci://harbor.example/kubernetes/charts/cluster-api-operator");
  expect(JSON.stringify(inputs.values)).toContain("SSL_CERT_DIR");
  expect(named(registered, "siziano-api-operator-trust").inputs.data).toEqual({ "ca.crt": "PEM of the CA" });
  for (const label of labels) {
    expect(named(registered, `siziano-api-${label}`).inputs.spec).toMatchObject({
      fetchConfig: { oci: `harbor.example/kubernetes/components/${label}` },
    });
  }
});

describe("a folder", () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "releases-"));
    for (const provider of providerPlans(plan)) {
      for (const name of ["metadata.yaml", provider.componentsFile]) {
        const file = join(providerFolder(path, provider), name);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, `# ${provider.label} ${name}\n`);
      }
    }
  });
  afterEach(() => rmSync(path, { recursive: true }));

  test("charts are its archives, and each provider's manifest lies beside the provider before it is installed", async () => {
    const registered = await deploy(from({ components: { kind: "folder", path } }));
    const { inputs } = named(registered, "siziano-api-cert-manager");
    expect(inputs.chart).toBe(`${path}/charts/cert-manager-${plan.versions.certManager}.tgz`);
    expect(inputs).not.toHaveProperty("version");
    for (const label of labels) {
      const files = named(registered, `siziano-api-${label}-files`);
      const provider = named(registered, `siziano-api-${label}`);
      expect(provider.dependsOn).toContain(files.name);
      const { metadata } = files.inputs as { metadata: { labels: Record<string, string>; namespace: string } };
      const { fetchConfig } = provider.inputs.spec as { fetchConfig: { selector: { matchLabels: object } } };
      expect(metadata.labels).toMatchObject(fetchConfig.selector.matchLabels);
      expect(metadata.namespace).toBe((provider.inputs.metadata as { namespace: string }).namespace);
    }
  });

  test("a provider that is not in it stops the program, which says what to put where", async () => {
    const missing = providerPlans(plan)[3];
    rmSync(providerFolder(path, missing), { recursive: true });
    await installStrictMocks(project, "siziano", kubernetesMocks);
    expect(() => new Deployment(from({ components: { kind: "folder", path } }))).toThrow(
      new RegExp(`${missing.label} ${missing.version} should lie in ${path}.*[^]*${missing.componentsFile}`),
    );
  });
});
