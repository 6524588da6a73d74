/** Cluster API on the management plane: what was asked for runs, and its webhooks judge what comes. */
import { stringify } from "yaml";
import { kubectl, managementPlane } from "../../../lab/kubectl";
import { clusterApiImages } from "../../../lab/images/cluster-api";
import { providerPlans } from "../../../render/cluster-api/providers";
import { probeNamespace } from "../../../render/cluster-api/probe";
import { apis } from "../../../render/cluster/names";
import { lab } from "../../support/lab";

/** Objects that fit their schema and that only a webhook can refuse: what it says of each. */
const refused: readonly {
  readonly kind: string;
  readonly apiVersion: string;
  readonly spec: object;
  readonly says: string;
}[] = [
  {
    kind: "Cluster",
    apiVersion: apis.cluster,
    spec: {
      clusterNetwork: { pods: { cidrBlocks: ["10.0.0.0/99"] } },
      infrastructureRef: { apiGroup: "infrastructure.cluster.x-k8s.io", kind: "VSphereCluster", name: "none" },
    },
    says: "invalid CIDR address: 10.0.0.0/99",
  },
  {
    kind: "KubeadmConfigTemplate",
    apiVersion: apis.bootstrap,
    spec: {
      template: {
        spec: {
          files: [
            { path: "/same", content: "one" },
            { path: "/same", content: "two" },
          ],
        },
      },
    },
    says: "path property must be unique",
  },
  {
    kind: "KubeadmControlPlane",
    apiVersion: apis.controlPlane,
    spec: {
      replicas: 2,
      version: "v1.34.2",
      machineTemplate: {
        spec: {
          infrastructureRef: {
            apiGroup: "infrastructure.cluster.x-k8s.io",
            kind: "VSphereMachineTemplate",
            name: "none",
          },
        },
      },
      kubeadmConfigSpec: { clusterConfiguration: { certificatesDir: "/etc/kubernetes/pki" } },
    },
    says: "cannot be an even number when etcd is stacked",
  },
  {
    kind: "VSphereMachineTemplate",
    apiVersion: apis.infrastructure,
    spec: {
      template: {
        spec: {
          template: "none",
          providerID: "vsphere://1",
          network: { devices: [{ networkName: "none", dhcp4: true }] },
        },
      },
    },
    says: "spec.template.spec.providerID: Forbidden",
  },
  {
    kind: "InClusterIPPool",
    apiVersion: apis.ipam,
    spec: { addresses: ["192.0.2.20-192.0.2.10"], prefix: 24, gateway: "192.0.2.1" },
    says: "192.0.2.20-192.0.2.10",
  },
];

const onManagementPlane = (args: readonly string[], options: { input?: string; accept?: number[] } = {}) =>
  kubectl(lab(), managementPlane, args, { timeout: 120_000, ...options });

export function clusterApi(): void {
  describe("Cluster API", () => {
    test("is there in the planned versions, from images under their upstream names", async () => {
      for (const { kind, name, namespace, version } of providerPlans(lab().plan)) {
        const { stdout } = await onManagementPlane(["get", kind, name, `--namespace=${namespace}`, "--output=json"]);
        const { status } = JSON.parse(stdout) as {
          status: { installedVersion: string; conditions: { type: string; status: string }[] };
        };
        const ready = status.conditions.find(({ type }) => type === "Ready")?.status;
        expect({ kind, version: status.installedVersion, ready }).toEqual({ kind, version, ready: "True" });
      }
      const query = '--output=jsonpath={range .items[*].spec.containers[*]}{.image}{"\\n"}{end}';
      const { stdout } = await onManagementPlane(["get", "pods", "--all-namespaces", query]);
      const running = stdout.split("\n");
      // The chart's check of cert-manager is over and gone; all other images run or ran.
      const expected = clusterApiImages().filter(({ name }) => !name.includes("cert-manager-ctl"));
      expect(running).toEqual(expect.arrayContaining(expected.map(({ name }) => name)));
    });

    test.each(refused)("$kind: a webhook refuses what the schema cannot", async ({ kind, apiVersion, spec, says }) => {
      const object = { apiVersion, kind, metadata: { name: "refused", namespace: probeNamespace }, spec };
      const { stderr } = await onManagementPlane(["create", "--dry-run=server", "--filename=-"], {
        input: stringify(object),
        accept: [1],
      });
      expect(stderr).toContain(says);
    });
  });
}
