/** A workload cluster's resources: what waits for what, what is protected, and where secrets are. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import { parse, stringify } from "yaml";
import { CloudProvider } from "../../components/cloud-provider";
import { NodesReady } from "../../components/nodes-ready";
import { WorkloadCluster } from "../../components/workload-cluster";
import type { SecretOutputs } from "../../config/load";
import type { Site } from "../../config/site";
import { canaryMark, canarySecrets } from "../support/canary-secrets";
import { exampleCluster, exampleThumbprint } from "../support/example-cluster";
import { project } from "../support/site-stack";
import { installStrictMocks, openStrings, secretValue, type Registered } from "../support/strict-mocks";

const kubeconfig = stringify({
  clusters: [{ name: "management", cluster: { server: "https://172.20.10.41:6443" } }],
  users: [{ name: "admin", user: { "client-key-data": "CANARY-administrator" } }],
});

const resources = [
  "pulumi:providers:kubernetes",
  "pulumi:providers:vsphere",
  "vsphere:index/folder:Folder",
  "command:remote:Command",
  "kubernetes:core/v1:Namespace",
  "kubernetes:core/v1:Secret",
  "kubernetes:core/v1:ServiceAccount",
  "kubernetes:core/v1:ConfigMap",
  "kubernetes:apps/v1:DaemonSet",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
  "kubernetes:rbac.authorization.k8s.io/v1:Role",
  "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
  "kubernetes:ipam.cluster.x-k8s.io/v1alpha2:InClusterIPPool",
  "kubernetes:infrastructure.cluster.x-k8s.io/v1beta2:VSphereCluster",
  "kubernetes:infrastructure.cluster.x-k8s.io/v1beta2:VSphereMachineTemplate",
  "kubernetes:controlplane.cluster.x-k8s.io/v1beta2:KubeadmControlPlane",
  "kubernetes:controlplane.cluster.x-k8s.io/v1beta2:KubeadmControlPlanePatch",
  "kubernetes:bootstrap.cluster.x-k8s.io/v1beta2:KubeadmConfigTemplate",
  "kubernetes:cluster.x-k8s.io/v1beta2:MachineDeployment",
  "kubernetes:cluster.x-k8s.io/v1beta2:MachineDeploymentPatch",
  "kubernetes:cluster.x-k8s.io/v1beta2:Cluster",
];

/** The three components as a program wires them, below a parent that stands for the program's own. */
class Deployment extends pulumi.ComponentResource {
  readonly workload: WorkloadCluster;

  constructor({ site, plan, cluster }: ReturnType<typeof exampleCluster>, kind: "capi" | "external") {
    super("test:Deployment", "siziano");
    const own = { parent: this };
    const canaries = canarySecrets(site);
    const secrets = {
      vcenterPassword: pulumi.secret(canaries.vcenterPassword),
      encryptionKeys: pulumi.secret(canaries.encryptionKeys),
    } as Pick<SecretOutputs, "vcenterPassword" | "encryptionKeys">;
    const vcenter = new vsphere.Provider("siziano-vcenter", { user: "u", password: "p", vsphereServer: "v" }, own);
    const siteFolder = new vsphere.Folder(
      "siziano-folder",
      { path: plan.folder, type: "vm" },
      { ...own, provider: vcenter },
    );
    const provider = new k8s.Provider("siziano-plane", { kubeconfig: "plane" }, own);
    const connection = { host: "172.20.10.30", privateKey: pulumi.secret("CANARY-key") };
    const management = { provider, ...(kind === "capi" ? { connection } : {}) };
    const webhooks = new k8s.core.v1.ConfigMap("siziano-webhooks", {}, { ...own, provider });
    this.workload = new WorkloadCluster(
      "siziano-management",
      {
        site,
        plan,
        cluster,
        secrets,
        vcenterThumbprint: exampleThumbprint,
        vcenter: { provider: vcenter, datacenterId: "datacenter-2", siteFolder },
        management: { ...management, ready: [webhooks] },
      },
      own,
    );
    const { apiReady: after, machines } = this.workload;
    const cloud = new CloudProvider(
      "siziano-management-cloud",
      { site, plan, cluster, secrets, vcenterThumbprint: exampleThumbprint, after },
      { ...own, providers: [this.workload.provider], deletedWith: machines },
    );
    new NodesReady("siziano-management-nodes", { workload: this.workload, management, after: cloud.ready }, own);
  }
}

interface Options {
  readonly change?: (site: Site) => Site;
  readonly preview?: boolean;
  readonly kind?: "capi" | "external";
}

async function deploy({ change, preview = false, kind = "capi" }: Options = {}) {
  const recording = await installStrictMocks(project, "siziano", {
    functions: {},
    resources,
    outputs: {
      "siziano-management-kubeconfig": { data: { value: Buffer.from(kubeconfig).toString("base64") } },
    },
    preview,
  });
  const { workload } = new Deployment(exampleCluster(change), kind);
  const seen = await seenOf(workload.kubeconfig);
  await pulumi.runtime.disconnect();
  expect(recording.refused).toEqual([]);
  return { registered: recording.registered, ...seen };
}

/** In a preview the kubeconfig is unknown and never arrives. */
async function seenOf(
  kubeconfig: pulumi.Output<string>,
): Promise<{ readonly text?: string; readonly secret: boolean }> {
  const known = await (kubeconfig as unknown as { isKnown: Promise<boolean> }).isKnown;
  const text = known ? await new Promise<string>((resolve) => void kubeconfig.apply(resolve)) : undefined;
  return { text, secret: await pulumi.isSecret(kubeconfig) };
}

const named = (registered: readonly Registered[], name: string): Registered => {
  const found = registered.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`${name} is none of ${registered.map((each) => each.name).join(", ")}`);
  return found;
};

/** Everything that a resource waits for, directly or through others; it is deleted before all of it. */
function before(registered: readonly Registered[], name: string): Set<string> {
  const found = new Set<string>();
  const visit = (each: string): void => {
    for (const other of named(registered, each).dependsOn.filter((dependency) => !found.has(dependency))) {
      found.add(other);
      if (registered.some((resource) => resource.name === other)) visit(other);
    }
  };
  visit(name);
  return found;
}

describe("a workload cluster", () => {
  let registered: readonly Registered[];
  let run: Awaited<ReturnType<typeof deploy>>;
  beforeAll(async () => {
    run = await deploy();
    registered = run.registered;
  });

  test("is deleted, machines and all, before what its machines need", () => {
    const later = before(registered, "siziano-management-cluster");
    for (const ground of [
      "siziano-folder",
      "siziano-management-folder",
      "siziano-management-namespace",
      "siziano-management-vcenter",
      "siziano-management-encryption",
      "siziano-management-addresses",
      "siziano-management-infrastructure",
      "siziano-management-control-plane-template",
      "siziano-management-control-plane",
      "siziano-management-worker-config",
      "siziano-management-workers-general-template",
      "siziano-management-workers-general",
    ]) {
      expect([...later]).toContain(ground);
    }
  });

  test("begins once Cluster API's webhooks answer", () => {
    const asked = registered.filter(({ type }) => type.includes("cluster.x-k8s.io"));
    expect(asked.map(({ name }) => name)).toContain("siziano-management-cluster");
    for (const { name } of asked)
      expect([name, [...before(registered, name)]]).toEqual([name, expect.arrayContaining(["siziano-webhooks"])]);
  });

  test("upgrades the control plane before the workers", () => {
    expect(named(registered, "siziano-management-workers-general").dependsOn).toContain(
      "siziano-management-control-plane",
    );
  });

  test("is asked whether it answers, and for nodes only when they can get ready; again when a definition changes", async () => {
    const initialized = named(registered, "siziano-management-initialized");
    expect(initialized.dependsOn).toContain("siziano-management-cluster");
    const nodes = named(registered, "siziano-management-nodes-wait");
    for (const other of ["siziano-management-cloud-workload", "siziano-management-workers-general"])
      expect(nodes.dependsOn).toContain(other);
    const changed = await deploy({ change: (site) => ({ ...site, ntp: ["192.168.10.13"] }) });
    const again = named(changed.registered, "siziano-management-nodes-wait");
    expect(again.inputs.triggers).not.toEqual(nodes.inputs.triggers);
    expect(again.inputs.create).toEqual(nodes.inputs.create);
  });

  test("on a management plane of others the provider waits, by a patch that changes with the definition", async () => {
    const external = (await deploy({ kind: "external" })).registered;
    const patches = external.filter(({ type }) => type.endsWith("Patch"));
    expect(patches.map(({ name }) => name).sort()).toEqual([
      "siziano-management-nodes-management-control-plane",
      "siziano-management-nodes-management-general",
    ]);
    const annotations = ({ inputs }: Registered) =>
      (inputs.metadata as { annotations: Record<string, string> }).annotations;
    for (const patch of patches) {
      expect(patch.dependsOn).toContain("siziano-management-cloud-workload");
      expect(patch.inputs).not.toHaveProperty("spec");
      expect(JSON.parse(annotations(patch)["pulumi.com/waitFor"]!)).toContain("condition=Available=True");
    }
    expect(annotations(named(external, "siziano-management-cluster"))["pulumi.com/waitFor"]).toContain("Initialized");
    expect(external.filter(({ type }) => type === "command:remote:Command")).toEqual([]);
  });

  test("takes with it what lives in it", () => {
    const inside = registered.filter(({ name, custom }) => custom && /-cloud-|-site:/.test(name));
    expect(inside.length).toBeGreaterThan(8);
    // The engine hands it down from parents.
    const goneWith = ({ deletedWith, parent }: Registered) =>
      deletedWith ?? registered.find(({ name }) => name === parent)?.deletedWith;
    for (const resource of inside)
      expect([resource.name, goneWith(resource)]).toEqual([resource.name, "siziano-management-cluster"]);
  });

  test("shows no secret in any input", () => {
    for (const { name, inputs } of registered) {
      const open = openStrings(inputs).filter((text) => text.includes(canaryMark));
      expect({ name, open }).toEqual({ name, open: [] });
    }
  });

  test("keeps its credentials as vCenter's account, its own kubeconfig as a secret", () => {
    const { stringData } = named(registered, "siziano-management-vcenter").inputs;
    expect(secretValue(stringData)).toEqual({
      username: "kubernetes-vsphere@vsphere.local",
      password: expect.stringContaining("CANARY-vcenter"),
    });
    expect(run.secret).toBe(true);
    expect(run.text).toBe(kubeconfig);
    expect(secretValue(named(registered, "siziano-management-provider").inputs.kubeconfig)).toBe(kubeconfig);
  });

  test("registers the same resources when no id is known, so none hides inside an apply", async () => {
    const preview = await deploy({ preview: true });
    expect(preview.registered.map(({ urn }) => urn).sort()).toEqual(registered.map(({ urn }) => urn).sort());
    expect(preview.secret).toBe(true);
  });

  test("is protected in production, and only there", async () => {
    const protectedOnes = (all: readonly Registered[]) => all.filter(({ protect }) => protect).map(({ name }) => name);
    expect(protectedOnes(registered).sort()).toEqual([
      "siziano-management-cluster",
      "siziano-management-control-plane",
      "siziano-management-encryption",
      "siziano-management-namespace",
    ]);
    const lab = await deploy({ change: (site) => ({ ...site, environment: "lab" }) });
    expect(protectedOnes(lab.registered)).toEqual([]);
  });

  test("is reached through the site's proxy", async () => {
    const { text } = await deploy({
      change: (site) => ({ ...site, access: { ...site.access, proxy: "socks5://127.0.0.1:1080" } }),
    });
    const { clusters } = parse(text!) as { clusters: { cluster: Record<string, string> }[] };
    expect(clusters[0]!.cluster["proxy-url"]).toBe("socks5://127.0.0.1:1080");
  });
});
