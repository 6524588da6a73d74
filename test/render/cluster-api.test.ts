/** What is asked of the management plane, read by its API server with the real definitions of the pinned versions. */
import { gunzipSync } from "node:zlib";
import { parseAllDocuments } from "yaml";
import { operatorTrust, operatorValues } from "../../render/cluster-api/releases";
import { probeNamespace, renderProbe } from "../../render/cluster-api/probe";
import {
  noAccountSecret,
  providerPlans,
  renderProvider,
  renderProviderFiles,
} from "../../render/cluster-api/providers";
import type { KubernetesObject } from "../../render/kubernetes-object";
import { planRegion } from "../../plan/plan";
import { clusterApiCrds } from "../support/cluster-api-crds";
import { exampleSites } from "../support/example-sites";
import { startKubeApi, type ApiObject, type KubeApi } from "../support/kube-api";

const sites = exampleSites();
const site = sites.siziano;
const plan = planRegion(sites, "siziano");
const providers = providerPlans(plan);
const registry = {
  ...site,
  mirrors: {
    ...site.mirrors,
    registry: { url: "https://mirror.example:5000/upstream/", caCertificate: "-----BEGIN CERTIFICATE-----" },
    components: { kind: "registry" as const },
  },
};
const folder = { ...site, mirrors: { ...site.mirrors, components: { kind: "folder" as const, path: "releases" } } };
const upstream = { ...site, mirrors: { ...site.mirrors, components: { kind: "upstream" as const } } };

const parseAll = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as ApiObject);

describe("objects for the Cluster API operator", () => {
  let api: KubeApi;
  beforeAll(async () => {
    api = await startKubeApi({ crds: await clusterApiCrds() });
  }, 600_000);
  afterAll(() => api.stop());

  const accepted = async (object: KubernetesObject) => {
    const { status, body, warnings } = await api.apply(object as ApiObject);
    expect({ name: object.metadata.name, status, message: body.message, warnings }).toEqual({
      name: object.metadata.name,
      status: 201,
      warnings: [],
    });
  };

  test.each([
    ["upstream", upstream],
    ["a registry", registry],
    ["a folder", folder],
  ])("are accepted without a warning for %s", async (_, from) => {
    for (const provider of providers) {
      const { status, body, warnings } = await api.apply(renderProvider(from, provider) as ApiObject, { dryRun: true });
      expect({ status, message: body.message, warnings }).toEqual({ status: 201, warnings: [] });
    }
  });

  test("are refused where they name two sources", async () => {
    const object = renderProvider(registry, providers[0]);
    const spec = object.spec as { fetchConfig: object };
    const both = { ...object, spec: { ...spec, fetchConfig: { ...spec.fetchConfig, url: "https://x.example" } } };
    const { status, body } = await api.apply(both as ApiObject, { dryRun: true });
    expect([status, body.message]).toEqual([422, expect.stringContaining("one and only one of {oci, url, selector}")]);
  });

  test("files of a folder fit a ConfigMap, which holds them as they were", async () => {
    const files = { metadata: "kind: Metadata\n", components: "kind: Namespace\n".repeat(200_000) };
    const object = renderProviderFiles(providers[0], files);
    await accepted(object);
    const { components } = object.binaryData as { components: string };
    expect(gunzipSync(Buffer.from(components, "base64")).toString()).toBe(files.components);
  });

  test("the webhook probe is accepted, and so is each of its samples", async () => {
    const { ground, job } = renderProbe(plan, providers);
    for (const object of [...ground, job]) await accepted(object);
    const { data } = ground.find(({ kind }) => kind === "ConfigMap") as unknown as { data: Record<string, string> };
    const samples = parseAll(data["samples.yaml"]);
    expect(samples.map(({ kind }) => kind)).toEqual([
      "Cluster",
      "KubeadmConfigTemplate",
      "KubeadmControlPlane",
      "VSphereMachineTemplate",
      "InClusterIPPool",
    ]);
    for (const sample of samples) {
      expect(sample.metadata.namespace).toBe(probeNamespace);
      const { status, body, warnings } = await api.apply(sample, { dryRun: true });
      expect({ status, message: body.message, warnings }).toEqual({ status: 201, warnings: [] });
    }
  });

  test("a sample with a field that nobody knows is refused", async () => {
    const { ground } = renderProbe(plan, providers);
    const { data } = ground.find(({ kind }) => kind === "ConfigMap") as unknown as { data: Record<string, string> };
    const [cluster] = parseAll(data["samples.yaml"]);
    const wrong = { ...cluster, spec: { ...(cluster.spec as object), controlPlaneEndPoint: {} } };
    const { status, body } = await api.apply(wrong, { dryRun: true });
    // Server-side apply answers 500 where other writes answer 400.
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.message).toContain("controlPlaneEndPoint: field not declared in schema");
  });
});

test("a new version of a provider is probed anew, an unchanged one is not", () => {
  const name = (versions: typeof plan.versions) =>
    renderProbe({ versions }, providerPlans({ versions })).job.metadata.name;
  expect(name(plan.versions)).toBe(name({ ...plan.versions }));
  expect(name({ ...plan.versions, clusterApiVsphere: "v1.16.2" })).not.toBe(name(plan.versions));
});

test("the operator trusts the registry's CA where the site names one, and nothing else", () => {
  expect(operatorTrust(registry)?.data).toEqual({ "ca.crt": registry.mirrors.registry.caCertificate });
  expect(operatorTrust(upstream)).toBeUndefined();
  expect(JSON.stringify(operatorValues(upstream))).not.toContain("SSL_CERT_DIR");
});

test("CAPV gets a Secret for its manifest's variables, without an account", () => {
  const vsphere = providers.find(({ kind }) => kind === "InfrastructureProvider")!;
  const secret = noAccountSecret(vsphere);
  expect(renderProvider(site, vsphere, secret.metadata.name).spec).toMatchObject({
    configSecret: { name: secret.metadata.name, namespace: secret.metadata.namespace },
  });
});
