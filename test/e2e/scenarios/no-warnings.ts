/** What the API servers think of everything that the stack sent them: nothing is deprecated, no field unknown. */
import { gunzipSync } from "node:zlib";
import { stringify } from "yaml";
import { kubectl, managementPlane } from "../../../lab/kubectl";
import { ask, deployed, type Items } from "../../support/cluster-nodes";
import { lab } from "../../support/lab";
import { deployment, type StateResource, withoutSecrets } from "../../support/lab-state";

/** A manifest that stores nothing, and fails on the first warning; what kubectl said is in the error. */
async function admitted(server: string, manifest: string): Promise<number> {
  // As the provider writes: server-side, with a field manager of its own, whoever else owns the fields.
  const apply = ["apply", "--server-side", "--force-conflicts", "--field-manager=no-warnings", "--filename=-"];
  const strict = ["--dry-run=server", "--validate=strict", "--warnings-as-errors"];
  const { stdout } = await kubectl(lab(), server, [...apply, ...strict], { input: manifest, timeout: 120_000 });
  return stdout.trim().split("\n").length;
}

/** The API servers by the providers that the stack speaks to them with. */
const servers = (): ReadonlyMap<string, string> => {
  const { site } = lab().plan;
  return new Map([
    [`${site}-k8s-capi-provider`, managementPlane],
    ...deployed().map(({ name }) => [`${site}-k8s-${name}-machines-provider`, name] as const),
  ]);
};

/** What the stack itself sent. Secrets go without their values, which no API server judges. */
function sentBy(resources: readonly StateResource[], provider: string): unknown[] {
  return resources
    .filter(({ type, external }) => /^kubernetes:.*\/v\d/.test(type) && !type.includes("helm.sh/") && !external)
    .filter(({ provider: own }) => own?.includes(`::${provider}::`))
    .map(({ inputs }) => withoutSecrets(inputs));
}

/** What Helm sent for the stack: every release keeps its manifest in a Secret. */
async function manifestsOf(server: string): Promise<readonly string[]> {
  const ofHelm = ["--all-namespaces", "--selector=owner=helm,status=deployed"];
  const { items } = await ask<Items<{ readonly data: { readonly release: string } }>>(server, "secrets", ...ofHelm);
  return items.map(({ data }) => {
    const packed = Buffer.from(Buffer.from(data.release, "base64").toString(), "base64");
    return (JSON.parse(gunzipSync(packed).toString()) as { manifest: string }).manifest;
  });
}

export function noWarnings(): void {
  describe("no API server warns of deprecated or unknown fields", () => {
    test("in what the stack sent, by itself and by Helm", async () => {
      const { resources = [] } = await deployment();
      const judged = await Promise.all(
        [...servers()].map(async ([provider, server]) => {
          const own = sentBy(resources, provider);
          const manifest = own.map((object) => stringify(object, { aliasDuplicateObjects: false })).join("---\n");
          expect({ server, judged: await admitted(server, manifest) }).toEqual({ server, judged: own.length });
          const charts = await manifestsOf(server);
          for (const chart of charts) expect(await admitted(server, chart)).toBeGreaterThan(0);
          return { server, own: own.length, charts: charts.length };
        }),
      );
      const sent = resources.filter(({ type, external }) => type.startsWith("kubernetes:") && !external);
      expect(judged.reduce((sum, { own, charts }) => sum + own + charts, 0)).toBe(sent.length);
    }, 180_000);

    test("and would, as it does of an old version", async () => {
      const { namespace, nodeRanges } = lab().plan.clusters[0];
      const [{ first }] = nodeRanges;
      const old = {
        apiVersion: "ipam.cluster.x-k8s.io/v1alpha1",
        kind: "InClusterIPPool",
        metadata: { name: "old", namespace },
        spec: { addresses: [first], prefix: lab().plan.vlan.prefixLength, gateway: lab().plan.vlan.gateway },
      };
      await expect(admitted(managementPlane, stringify(old))).rejects.toThrow("deprecated");
    });
  });
}
