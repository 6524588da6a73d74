/** The whole stack with its clusters: what is made after what, and what nobody may see or delete. */
import * as pulumi from "@pulumi/pulumi";
import { canaryMark } from "../support/canary-secrets";
import { deployStack, hostsAlone, named, site, soundSite, type Run } from "../support/deployed-stack";
import { drawOrder } from "../support/graph";
import { kubernetesMocks } from "../support/kubernetes-mocks";
import { openStrings } from "../support/strict-mocks";
import { expectGolden } from "../golden";

const clusters = Object.keys(site.clusters).sort();

describe("siziano with its clusters", () => {
  let run: Run;
  beforeAll(async () => {
    run = await deployStack(kubernetesMocks);
  }, 120_000);

  /** Everything that a resource waits for, directly or through others; it is deleted before all of it. */
  function groundOf(name: string): Set<string> {
    const found = new Set<string>();
    const visit = (each: string): void => {
      for (const other of named(run, each).dependsOn.filter((dependency) => !found.has(dependency))) {
        found.add(other);
        visit(other);
      }
    };
    visit(name);
    return found;
  }

  test("is made in this order", () => {
    expectGolden("../../components/golden/stack-siziano.txt", drawOrder(run.registered));
  });

  test("shows no secret in any input", () => {
    for (const { name, inputs } of run.registered) {
      const open = openStrings(inputs).filter((text) => text.includes(canaryMark));
      expect({ name, open }).toEqual({ name, open: [] });
    }
  });

  test.each(clusters)(
    "%s: nothing is asked of Cluster API before its webhooks answer, nor of a node before Cilium",
    (cluster) => {
      const prefix = `siziano-k8s-${cluster}`;
      expect([...groundOf(`${prefix}-machines-cluster`)]).toContain("siziano-k8s-cluster-api-probe");
      expect([...groundOf(`${prefix}-nodes-wait`)]).toContain(`${prefix}-cilium-enforced`);
      expect([...groundOf(`${prefix}-dns-deployment`)]).toContain(`${prefix}-nodes-wait`);
    },
  );

  test.each(clusters)("%s: no machine is asked for before API servers would believe the login's issuer", (cluster) => {
    const proof = "siziano-k8s-issuer";
    for (const part of ["cluster", "control-plane", "addresses", "vcenter"])
      expect([...groundOf(`siziano-k8s-${cluster}-machines-${part}`)]).toContain(proof);
    const { inputs, dependsOn } = named(run, proof);
    expect(dependsOn).toContain("siziano-auth-ready");
    // The very CA of the API servers; another one, or another machine, is proved anew.
    expect(inputs.stdin).toBe(soundSite.hosts.auth.certificate.caCertificate);
    expect(inputs.triggers).toEqual(["siziano-auth-vm-id"]);
  });

  test.each(clusters)(
    "%s: its forwarder appears after its DNS and goes before it, and is not lost with the machines",
    (cluster) => {
      const forwarders = run.registered.filter(({ parent }) => parent === `siziano-k8s-${cluster}-forwarder`);
      expect(forwarders).not.toEqual([]);
      for (const { name, deletedWith } of forwarders) {
        expect([...groundOf(name)]).toContain(`siziano-k8s-${cluster}-dns-service`);
        expect({ name, deletedWith }).toEqual({ name, deletedWith: undefined });
      }
    },
  );

  test.each(clusters)("%s: everything inside it goes with its machines", (cluster) => {
    const provider = named(run, `siziano-k8s-${cluster}-machines-provider`).urn;
    const inside = run.registered.filter((resource) => resource.provider?.startsWith(`${provider}::`));
    expect(inside.length).toBeGreaterThan(20);
    // The engine gives a child its parent's.
    const effective = (name: string): string | undefined => {
      const { deletedWith, parent } = named(run, name);
      return deletedWith ?? (parent === undefined ? undefined : effective(parent));
    };
    for (const { name } of inside) {
      expect([name, effective(name)]).toEqual([name, `siziano-k8s-${cluster}-machines-cluster`]);
    }
  });

  test("its outputs hold a kubeconfig a cluster for people, without a secret", async () => {
    const { kubeconfigs } = run.outputs;
    expect(await pulumi.isSecret(kubeconfigs)).toBe(false);
    const texts = await new Promise<Readonly<Record<string, string>>>((resolve) => void kubeconfigs.apply(resolve));
    expect(Object.keys(texts).sort()).toEqual(clusters);
  });
});

test("a cluster that is planned only brings nothing but the hosts' own resources", async () => {
  const { registered } = await deployStack(kubernetesMocks, hostsAlone);
  expect(registered.filter(({ type }) => type.startsWith("kubernetes:"))).toEqual([]);
});

test("where Active Directory takes no SSH, the outputs say what to enter for the clusters that are deployed", async () => {
  const { activeDirectory: directory } = soundSite;
  const manual = { activeDirectory: { ...directory, dns: { ...directory.dns, administration: "manual" } } };
  const { outputs, registered } = await deployStack(kubernetesMocks, { ...hostsAlone, ...manual });
  expect([outputs.dnsInstructions, registered.filter(({ name }) => name.includes("-forwarder"))]).toEqual([[], []]);
});
