/** A workload cluster's objects: as a person reads them, and what holds of them for any site. */
import * as fc from "fast-check";
import { stringify } from "yaml";
import type { Site } from "../../config/site";
import { planRegion } from "../../plan/plan";
import { cloudCredentials, cloudCredentialValues, renderCloudProvider } from "../../render/cloud-provider";
import { inOrder, renderCluster, renderNamespace } from "../../render/cluster/cluster";
import { renderGroupBindings } from "../../render/cluster/groups";
import { renderHealthChecks } from "../../render/cluster/health";
import { untilInitialized, untilRolledOut } from "../../render/cluster/lifecycle";
import { kubeadmFiles } from "../../render/cluster/node";
import {
  encryption,
  encryptionValues,
  vcenterCredentials,
  vcenterCredentialValues,
} from "../../render/cluster/secrets";
import { kubeVipPod } from "../../render/kube-vip";
import { withProxy } from "../../render/kubeconfig";
import type { KubernetesObject } from "../../render/kubernetes-object";
import { sitesArbitrary } from "../plan/arbitraries";
import { expectGolden } from "../golden";
import { exampleCluster, exampleThumbprint } from "../support/example-cluster";

const { site, plan, cluster, objects } = exampleCluster();

const documents = (parts: readonly unknown[]): string =>
  parts.map((part) => stringify(part, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");

describe("the cluster management of siziano", () => {
  const cloud = renderCloudProvider(site, plan, cluster, exampleThumbprint);
  test.each([
    [
      "namespace-and-secrets",
      [
        renderNamespace(cluster),
        { ...vcenterCredentials(cluster), stringData: vcenterCredentialValues(site, "EXAMPLE-PASSWORD") },
        { ...encryption(cluster), stringData: encryptionValues("RVhBTVBMRS1LRVktT0YtVEhJUlRZLVRXTy1CWVRFUy4=") },
      ],
    ],
    ["addresses", [objects.addressPool]],
    ["cluster", [objects.infrastructure, untilInitialized(objects.root)]],
    ["machine-templates", [objects.controlPlaneTemplate, ...objects.workers.map(({ template }) => template)]],
    ["control-plane", [objects.controlPlane]],
    ["workers", [objects.workerConfig, ...objects.workers.map(({ deployment }) => deployment)]],
    ["nodes-ready", [objects.controlPlane, ...objects.workers.map(({ deployment }) => deployment)].map(untilRolledOut)],
    ["health-checks", renderHealthChecks(cluster)],
    ["groups", renderGroupBindings(plan.login, cluster)],
    ["kube-vip", [kubeVipPod(plan, cluster)]],
    [
      "cloud-provider",
      [
        cloud.namespace,
        { ...cloudCredentials, stringData: cloudCredentialValues(site, "EXAMPLE-PASSWORD") },
        ...cloud.foundation,
        cloud.workload,
      ],
    ],
  ] as const)("%s is this", (name, parts) => {
    expectGolden(`cluster/${name}.yaml`, documents(parts));
  });
});

const names = (all: readonly KubernetesObject[]) => all.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
/** RFC 1123, as Kubernetes names most objects. */
const label = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;

test("for any site, names are valid and unique in their namespace, and no file is longer than Cluster API takes", () => {
  fc.assert(
    fc.property(sitesArbitrary, (sites) => {
      for (const [siteName, own] of Object.entries(sites)) {
        const region = planRegion(sites, siteName);
        for (const each of region.clusters) {
          const all = inOrder(renderCluster(own, region, each, exampleThumbprint));
          expect(new Set(names(all)).size).toBe(all.length);
          for (const { metadata } of all) {
            expect(metadata.name).toMatch(label);
            expect(metadata.name.length).toBeLessThanOrEqual(253);
            expect(metadata.namespace).toBe(each.namespace);
          }
        }
      }
    }),
    { numRuns: 20 },
  );
  for (const { content } of files(objects.controlPlane)) expect((content ?? "").length).toBeLessThanOrEqual(10240);
});

interface KubeadmFile {
  readonly path: string;
  readonly content?: string;
  readonly contentFrom?: unknown;
}

function files(object: KubernetesObject): KubeadmFile[] {
  const { kubeadmConfigSpec } = object.spec as { kubeadmConfigSpec: { files: KubeadmFile[] } };
  return kubeadmConfigSpec.files;
}

describe("the storm brake", () => {
  const brakes = (controlPlane: number, pool: number) => {
    const [general] = cluster.workers;
    const sized = {
      ...cluster,
      controlPlane: { ...cluster.controlPlane, replicas: controlPlane },
      workers: [{ ...general, replicas: pool }],
    };
    return renderHealthChecks(sized).map(({ metadata, spec }) => {
      const { remediation } = spec as { remediation: { triggerIf: { unhealthyLessThanOrEqualTo: number } } };
      return [metadata.name, remediation.triggerIf.unhealthyLessThanOrEqualTo];
    });
  };

  test.each([
    ["a pool of one, whose machine may be replaced", 1, 1, [["management-general", 1]]],
    ["a pool of three, of which two are too many", 1, 3, [["management-general", 1]]],
    ["a large pool", 1, 10, [["management-general", 4]]],
    [
      "three control plane nodes, of which two are no quorum",
      3,
      1,
      [
        ["management-control-plane", 1],
        ["management-general", 1],
      ],
    ],
    [
      "five control plane nodes",
      5,
      1,
      [
        ["management-control-plane", 2],
        ["management-general", 1],
      ],
    ],
  ])("of %s", (_what, controlPlane, pool, expected) => {
    expect(brakes(controlPlane, pool)).toEqual(expected);
  });

  test("looks at the machines of its own pool only", () => {
    const selectors = new Map(
      renderHealthChecks(cluster).map(({ metadata, spec }) => {
        const { selector } = spec as { selector: { matchLabels: object } };
        return [metadata.name, selector.matchLabels];
      }),
    );
    for (const { deployment } of objects.workers) {
      const { template } = deployment.spec as { template: { metadata: { labels: object } } };
      const selected = selectors.get(deployment.metadata.name);
      expect(template.metadata.labels).toMatchObject(selected!);
      expect(selected).toHaveProperty(["cluster.x-k8s.io/deployment-name"], deployment.metadata.name);
    }
  });
});

describe("a template's name", () => {
  const templateNames = (change: (site: Site) => Site) => {
    const { objects: changed } = exampleCluster(change);
    return {
      controlPlane: changed.controlPlaneTemplate.metadata.name,
      general: changed.workers[0]!.template.metadata.name,
      config: changed.workerConfig.metadata.name,
    };
  };
  const before = templateNames((same) => same);
  const management = (edit: (cluster: Site["clusters"][string]) => Site["clusters"][string]) => (own: Site) => ({
    ...own,
    clusters: { ...own.clusters, management: edit(own.clusters.management!) },
  });
  const general = (edit: Partial<Site["clusters"][string]["workers"][string]>) =>
    management((own) => ({ ...own, workers: { general: { ...own.workers.general!, ...edit } } }));
  const size = { cpus: 8, memoryMiB: 8192, diskGiB: 60 };

  test.each([
    ["a pool's size", general({ size }), ["general"]],
    [
      "the control plane's size",
      management((own) => ({ ...own, controlPlane: { ...own.controlPlane, size } })),
      ["controlPlane"],
    ],
    ["the MTU", management((own) => ({ ...own, mtu: 1300 })), ["controlPlane", "general"]],
    ["the time servers", (own: Site) => ({ ...own, ntp: ["192.168.10.13"] }), ["config"]],
    ["a pool's number of nodes", general({ replicas: 5 }), []],
    ["the Kubernetes version", management((own) => ({ ...own, kubernetesVersion: "v1.34.3" })), []],
    ["the cluster's groups", management((own) => ({ ...own, groups: [] })), []],
    [
      "a range added to the slice",
      management((own) => ({ ...own, nodeRanges: [...own.nodeRanges, "172.20.10.240-172.20.10.249"] })),
      [],
    ],
  ] as const)("changes with what it holds and with nothing else: %s", (_what, change, changed) => {
    const after = templateNames(change);
    const differing = Object.entries(after).filter(([key, name]) => name !== before[key as keyof typeof before]);
    expect(differing.map(([key]) => key).sort()).toEqual([...changed]);
  });

  test("two pools of one size have two templates, also a pool called control-plane", () => {
    const { all } = exampleCluster(
      management((own) => ({
        ...own,
        workers: {
          general: own.workers.general!,
          "control-plane": { ...own.workers.general!, size: own.controlPlane.size },
        },
      })),
    );
    expect(new Set(names(all)).size).toBe(all.length);
  });
});

describe("secrets", () => {
  test("the control plane names the Secret with the encryption key, and does not hold it", () => {
    const [file] = files(objects.controlPlane).filter(({ path }) => path.endsWith("encryption.yaml"));
    expect(file).toEqual({
      path: "/etc/kubernetes/encryption.yaml",
      permissions: "0600",
      owner: "root:root",
      contentFrom: { secret: { name: encryption(cluster).metadata.name, key: "encryption.yaml" } },
    });
  });

  test("vCenter is never spoken to without its fingerprint", () => {
    expect(objects.infrastructure.spec).toMatchObject({ thumbprint: exampleThumbprint });
    const text = documents(renderCloudProvider(site, plan, cluster, exampleThumbprint).foundation);
    expect(text).toContain(`thumbprint: ${exampleThumbprint}`);
    expect(text).toContain("insecureFlag: false");
  });
});

test("a file that cloud-init's template engine would change is refused", () => {
  const file = (content: string) => [{ path: "/etc/file", mode: "0644", owner: "root:root", content }];
  expect(() => kubeadmFiles(file("length=${#name}\n"))).toThrow("/etc/file: holds {{, {% or {#");
  expect(kubeadmFiles(file("length=$name\n"))).toEqual([
    { path: "/etc/file", permissions: "0644", owner: "root:root", content: "length=$name\n" },
  ]);
});

describe("groups", () => {
  const bindings = (groups: { group: string; role: string }[]) =>
    renderGroupBindings(plan.login, { ...cluster, groups });

  test("names that differ only in what a name may not hold stay apart, repetitions do not count", () => {
    const all = bindings([
      { group: "k8s admins", role: "view" },
      { group: "k8s/admins", role: "view" },
      { group: "k8s-admins", role: "view" },
      { group: "k8s-admins", role: "view" },
    ]);
    expect(new Set(all.map(({ metadata }) => metadata.name)).size).toBe(3);
    expect(all).toHaveLength(3);
  });

  test("nobody from the directory is taken for a system group", () => {
    const [binding] = bindings([{ group: "system:masters", role: "view" }]);
    expect(binding!.subjects).toEqual([
      { apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: `${plan.login.prefix}system:masters` },
    ]);
    expect(plan.login.prefix).not.toBe("");
  });
});

describe("a kubeconfig", () => {
  const kubeconfig = stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "management", cluster: { server: "https://172.20.10.41:6443" } }],
    users: [{ name: "admin", user: { "client-key-data": "a2V5" } }],
  });

  test("gets the site's proxy and keeps the rest", () => {
    const changed = withProxy(kubeconfig, "socks5://127.0.0.1:1080");
    expect(changed.replace("      proxy-url: socks5://127.0.0.1:1080\n", "")).toBe(kubeconfig);
    expect(changed).not.toBe(kubeconfig);
  });

  test("stays as it is without one", () => expect(withProxy(kubeconfig, undefined)).toBe(kubeconfig));
});
