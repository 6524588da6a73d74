/** The resources of a cluster's name server: what waits for what, so that its pods can be ready and its address exists. */
import * as pulumi from "@pulumi/pulumi";
import { ClusterDns } from "../../components/cluster-dns";
import { exampleCluster } from "../support/example-cluster";
import { kubernetesMocks } from "../support/kubernetes-mocks";
import { project } from "../support/site-stack";
import { installStrictMocks, type Registered } from "../support/strict-mocks";

const { plan, cluster } = exampleCluster();

async function deploy(own = cluster, connection?: { readonly host: string }): Promise<readonly Registered[]> {
  const recording = await installStrictMocks(project, "siziano", kubernetesMocks);
  class Cilium extends pulumi.ComponentResource {
    constructor() {
      super("test:Cilium", "cilium");
    }
  }
  new ClusterDns("siziano-dns", { plan, cluster: own, cilium: { ready: [new Cilium()] }, management: { connection } });
  await pulumi.runtime.disconnect();
  expect(recording.refused).toEqual([]);
  return recording.registered;
}

const named = (registered: readonly Registered[], role: string): Registered =>
  registered.find(({ name }) => name === `siziano-dns-${role}`)!;

test("is one of each, and nothing else", async () => {
  const kinds = (await deploy())
    .filter(({ custom }) => custom)
    .map(({ name, type }) => `${name} ${type.split(":").at(-1)}`);
  expect(kinds.sort()).toEqual([
    "siziano-dns-account ServiceAccount",
    "siziano-dns-binding ClusterRoleBinding",
    "siziano-dns-budget PodDisruptionBudget",
    "siziano-dns-corefile ConfigMap",
    "siziano-dns-deployment Deployment",
    "siziano-dns-namespace Namespace",
    "siziano-dns-policy CiliumNetworkPolicy",
    "siziano-dns-role ClusterRole",
    "siziano-dns-service Service",
  ]);
});

test("its pods start when they may talk and read, its Service when they answer", async () => {
  const registered = await deploy();
  expect(named(registered, "deployment").dependsOn).toEqual(
    expect.arrayContaining(["siziano-dns-binding", "siziano-dns-corefile", "siziano-dns-policy"]),
  );
  expect(named(registered, "service").dependsOn).toContain("siziano-dns-deployment");
});

test("where the stack made the management plane itself, it asks there for the address, after the Service and anew for another one", async () => {
  const registered = await deploy(cluster, { host: "172.20.10.30" });
  const { metadata } = named(registered, "service").inputs as { metadata: { annotations: Record<string, string> } };
  expect(metadata.annotations["pulumi.com/skipAwait"]).toBe("true");
  const { dependsOn, inputs } = named(registered, "address");
  expect(dependsOn).toContain("siziano-dns-service");
  expect((inputs.triggers as unknown[])[0]).toBe(cluster.dnsAddress);
  const elsewhere = named(await deploy(), "service").inputs as { metadata: { annotations: Record<string, string> } };
  // Nobody else would wait for it.
  expect(elsewhere.metadata.annotations).not.toHaveProperty("pulumi.com/skipAwait");
});

test("another zone is another ConfigMap, which the pods of the next revision read", async () => {
  const names = async (own: typeof cluster) => {
    const registered = await deploy(own);
    const { metadata } = named(registered, "corefile").inputs as { metadata: { name: string } };
    const { spec } = named(registered, "deployment").inputs as { spec: { template: { spec: { volumes: unknown } } } };
    return { configMap: metadata.name, volumes: JSON.stringify(spec.template.spec.volumes) };
  };
  const one = await names(cluster);
  const other = await names({ ...cluster, zone: "other.example.org" });
  expect(one.configMap).not.toBe(other.configMap);
  expect([one.volumes.includes(one.configMap), other.volumes.includes(other.configMap)]).toEqual([true, true]);
});
