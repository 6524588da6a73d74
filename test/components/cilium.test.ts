/** The order in which Cilium comes to a cluster: its openings before its agents, its password before its peers. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Cilium } from "../../components/cilium";
import type { SecretOutputs } from "../../config/load";
import { bgpSecretValues } from "../../render/cilium/bgp";
import { canaryMark, canarySecrets } from "../support/canary-secrets";
import { exampleCluster } from "../support/example-cluster";
import { project } from "../support/site-stack";
import { installStrictMocks, openStrings, secretValue, type Registered } from "../support/strict-mocks";

const resources = [
  "pulumi:providers:kubernetes",
  "command:remote:Command",
  "kubernetes:core/v1:ConfigMap",
  "kubernetes:core/v1:Namespace",
  "kubernetes:core/v1:Secret",
  "kubernetes:helm.sh/v3:Release",
  "kubernetes:apps/v1:DaemonSetPatch",
  "kubernetes:apps/v1:DeploymentPatch",
  "kubernetes:cilium.io/v2:CiliumBGPAdvertisement",
  "kubernetes:cilium.io/v2:CiliumBGPClusterConfig",
  "kubernetes:cilium.io/v2:CiliumBGPPeerConfig",
  "kubernetes:cilium.io/v2:CiliumClusterwideNetworkPolicy",
  "kubernetes:cilium.io/v2:CiliumLoadBalancerIPPool",
];

const canaries = canarySecrets(exampleCluster().site).bgpPasswords;

class Deployment extends pulumi.ComponentResource {
  constructor() {
    super("test:Deployment", "siziano");
    const { site, plan, cluster } = exampleCluster();
    const provider = new k8s.Provider("siziano-cluster", { kubeconfig: "cluster" }, { parent: this });
    const machines = new k8s.core.v1.ConfigMap("siziano-machines", {}, { parent: this, provider });
    const secrets = { bgpPasswords: pulumi.secret(canaries) } as Pick<SecretOutputs, "bgpPasswords">;
    const other = new k8s.core.v1.ConfigMap("siziano-other", {}, { parent: this, provider });
    const management = { provider, connection: { host: "capi" } };
    new Cilium(
      "siziano-cilium",
      { site, plan, cluster, secrets, management, after: [machines], beforeAgents: [other] },
      { parent: this, provider, deletedWith: machines },
    );
  }
}

async function deploy() {
  const { registered, refused } = await installStrictMocks(project, "siziano", { functions: {}, resources });
  new Deployment();
  await pulumi.runtime.disconnect();
  expect(refused).toEqual([]);
  const own = registered.filter(({ parent }) => parent === "siziano-cilium");
  const component = registered.find(({ name }) => name === "siziano-cilium")!;
  return { own, component };
}

const kind = (all: readonly Registered[], name: string) => all.filter(({ type }) => type.endsWith(`:${name}`));
const only = (all: readonly Registered[], name: string) => {
  const [found, ...others] = kind(all, name);
  if (found === undefined || others.length > 0) throw new Error(`${others.length} more than one ${name}, or none`);
  return found;
};

describe("Cilium of a cluster", () => {
  let own: readonly Registered[];
  let component: Registered;
  beforeAll(async () => {
    ({ own, component } = await deploy());
  });

  test("has every policy in the API server before an agent starts", () => {
    const policies = kind(own, "CiliumClusterwideNetworkPolicy");
    const inForce = only(own, "ConfigMap");
    const release = only(own, "Release");
    expect(policies.length).toBeGreaterThan(20);
    expect(inForce.dependsOn).toEqual(expect.arrayContaining(policies.map(({ name }) => name)));
    // The agents wait for that very ConfigMap, and Helm does not wait for the agents.
    const { metadata } = inForce.inputs as { metadata: { name: string; namespace: string } };
    expect(release.inputs).toMatchObject({
      skipAwait: true,
      namespace: metadata.namespace,
      values: { extraVolumes: [{ configMap: { name: metadata.name } }] },
    });
    expect(only(own, "Command").dependsOn).toEqual([inForce.name]);
  });

  test("asks for its own kinds only when the operator has brought them", () => {
    const operator = only(own, "DeploymentPatch");
    expect(operator.dependsOn).toContain(only(own, "Release").name);
    const ciliums = own.filter(({ type }) => type.startsWith("kubernetes:cilium.io/"));
    const early = ciliums.filter(
      ({ dependsOn }) => !dependsOn.includes(operator.name) && !dependsOn.includes(only(own, "Command").name),
    );
    expect(early.map(({ name }) => name)).toEqual([]);
  });

  test("tells nothing more to the cluster before its nodes enforce their policies", () => {
    const enforced = only(own, "Command");
    const started = only(own, "ConfigMap");
    // All else has been said by the time that agents start, also by others, and a question has its answer.
    const late = own.filter(({ name, dependsOn }) => dependsOn.includes(started.name) && name !== enforced.name);
    expect(late.map(({ name }) => name)).toEqual([]);
    expect(started.dependsOn).toEqual(expect.arrayContaining(["siziano-other"]));
    for (const pool of kind(own, "CiliumLoadBalancerIPPool")) expect(started.dependsOn).toContain(pool.name);
    for (const peering of own.filter(({ type }) => /CiliumBGP/.test(type)))
      expect(peering.dependsOn).toContain(enforced.name);
  });

  test("has the password before anything peers, and keeps it secret", () => {
    const secret = only(own, "Secret");
    for (const peering of own.filter(({ type }) => /CiliumBGP/.test(type)))
      expect(peering.dependsOn).toContain(secret.name);
    expect(only(own, "Release").dependsOn).toContain(secret.name);
    expect(secretValue(secret.inputs.stringData)).toEqual({ password: canaries.clusters.management });
    expect(own.flatMap(({ inputs }) => openStrings(inputs)).filter((text) => text.includes(canaryMark))).toEqual([]);
  });

  test("goes with its cluster: nothing of it is ever deleted from a cluster that dies", () => {
    // The engine hands a component's deletedWith on to its children.
    expect(component.deletedWith).toBe("siziano-machines");
  });

  test("is refused without a password", () => {
    expect(() => bgpSecretValues({ ...canaries, clusters: {} }, exampleCluster().cluster)).toThrow(
      /bgpPasswords\.clusters\.management: no password/,
    );
  });
});
