/** Cilium's objects as a real API server with Cilium's kinds takes them. What the agents make of them is test/e2e's to see. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { goEnvironment } from "../../lab/toolchain/build";
import { moduleFolder } from "../../lab/toolchain/module";
import { moduleDirectory } from "../../lab/toolchain/program";
import { planRegion } from "../../plan/plan";
import { bgpObjects, poolObjects } from "../../render/cilium/bgp";
import { basePolicies } from "../../render/cilium/policies";
import { exampleSites } from "../support/example-sites";
import { startKubeApi, type KubeApi } from "../support/kube-api";

jest.setTimeout(900_000); // the first time ever, programs are built

const sites = exampleSites();
const clusters = (["siziano", "dr"] as const).flatMap((name) => {
  const plan = planRegion(sites, name);
  return plan.clusters.map((cluster) => ({ id: `${name}/${cluster.name}`, site: sites[name], plan, cluster }));
});

describe("the objects of Cilium", () => {
  let api: KubeApi;
  beforeAll(async () => {
    const cilium = await moduleFolder(moduleDirectory("cilium"), "github.com/cilium/cilium", goEnvironment(false));
    const folder = join(cilium, "pkg/k8s/apis/cilium.io/client/crds/v2");
    const crds = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
    api = await startKubeApi({ crds });
  });
  afterAll(async () => await api.stop());

  test.each(clusters)("of $id are taken without a warning", async (each) => {
    const objects = [
      ...basePolicies(each.plan, each.cluster, each.site),
      ...bgpObjects(each.plan, each.cluster),
      ...poolObjects(each.cluster),
    ];
    for (const object of objects) {
      const { status, body, warnings } = await api.apply(object);
      expect({ name: object.metadata.name, message: body.message, warnings, taken: status < 300 }).toEqual({
        name: object.metadata.name,
        warnings: [],
        taken: true,
      });
    }
  });

  test("are refused by the API server where a field is not one", async () => {
    const [{ plan, cluster }] = clusters;
    const [peers] = bgpObjects(plan, cluster);
    const spec = { ...(peers.spec as object), eBGPMultihop: 255 };
    const { status, body } = await api.apply({ ...peers, spec });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.message).toMatch(/spec\.eBGPMultihop.*field not declared/s);
  });

  test("are refused by the API server where a port is none", async () => {
    const [{ plan, cluster, site }] = clusters;
    const [policy] = basePolicies(plan, cluster, site);
    const spec = { endpointSelector: {}, egress: [{ toPorts: [{ ports: [{ port: "http!", protocol: "TCP" }] }] }] };
    const { status, body } = await api.apply({ ...policy, metadata: { name: "bad" }, spec });
    expect(status).toBe(422);
    expect(body.message).toMatch(/toPorts.*port/);
  });
});
