import { stringify } from "yaml";
import { kubectl, managementPlane } from "../../../lab/kubectl";
import { waitFor } from "../../../lab/run";
import { clusterNames } from "../../../render/cluster/names";
import { ask, type Items } from "../../support/cluster-nodes";
import { lab, labStackFile, pulumiFails } from "../../support/lab";

interface Pool {
  readonly status: { readonly ipAddresses: { readonly total: number; readonly free: number } };
}

const cluster = () => lab().plan.clusters.find(({ name }) => name === "management")!;
const inNamespace = () => `--namespace=${cluster().namespace}`;

const addresses = async () =>
  (await ask<Pool>(managementPlane, "inclusterippools", clusterNames(cluster()).pool, inNamespace())).status
    .ipAddresses;

const taken = { "test.kubernetes-vsphere/taken": "true" };

/** Takes every address that is left, as machines would. Returns how many the slice has. */
async function takeAll(): Promise<number> {
  const { total, free } = await addresses();
  const poolRef = { apiGroup: "ipam.cluster.x-k8s.io", kind: "InClusterIPPool", name: clusterNames(cluster()).pool };
  const claims = Array.from({ length: free }, (_, index) => ({
    apiVersion: "ipam.cluster.x-k8s.io/v1beta2",
    kind: "IPAddressClaim",
    metadata: { name: `taken-${index}`, namespace: cluster().namespace, labels: taken },
    spec: { poolRef },
  }));
  const input = claims.map((claim) => stringify(claim)).join("---\n");
  await kubectl(lab(), managementPlane, ["apply", "--filename=-"], { input });
  await waitFor("the slice to be full", 60_000, async () => ((await addresses()).free === 0 ? true : undefined), 1_000);
  return total;
}

/** What `up` does where a slice has no address for the nodes that it asks for. */
export function exhaustedSlice(): void {
  test("a slice without a free address ends up with the cause; asked for fewer nodes, the next up passes", async () => {
    const { name, controlPlane, workers } = cluster();
    const planned = workers.reduce((sum, pool) => sum + pool.replicas, controlPlane.replicas);
    const [pool] = workers;
    const total = await takeAll();
    try {
      await labStackFile({ overlay: { [`clusters.${name}.workers.${pool.name}.replicas`]: pool.replicas + 1 } });
      const said = await pulumiFails(["up", "--yes", "--skip-preview", "--color", "never"]);
      expect(said).toContain(`The rollout of ${name} does not go on. Cluster API says:`);
      expect(said).toMatch(new RegExp(`VSphereVM ${name}-${pool.name}-\\S+: 1/1 claims being processed`));
      expect(said).toContain(`all ${total} addresses of clusters.${name}.nodeRanges are taken: give it another range`);
      await labStackFile();
      await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never"]);
      // It waited until the machine that never got an address had gone again.
      const machines = await ask<Items<object>>(managementPlane, "machines.v1beta2.cluster.x-k8s.io", inNamespace());
      expect(machines.items).toHaveLength(planned);
    } finally {
      await labStackFile();
      const [label] = Object.entries(taken).map((pair) => pair.join("="));
      await kubectl(lab(), managementPlane, ["delete", "ipaddressclaims", inNamespace(), `--selector=${label}`]);
    }
  }, 600_000);
}
