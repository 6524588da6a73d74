/** What becomes of machines: nothing while nothing changes, a new one before the old one where their template does. */
import { kubectl, managementPlane } from "../../../lab/kubectl";
import { waitFor } from "../../../lab/run";
import type { ClusterPlan } from "../../../plan/model";
import { deployed } from "../../support/cluster-nodes";
import { lab, labStackFile } from "../../support/lab";
import { expectNoChanges } from "./no-changes";

async function onManagementPlane(...args: readonly string[]): Promise<string> {
  return (await kubectl(lab(), managementPlane, args, { timeout: 300_000 })).stdout;
}

/** Names of objects of one kind in a cluster's namespace, ascending. */
async function names(kind: string, { namespace }: ClusterPlan): Promise<string[]> {
  const found = await onManagementPlane("get", kind, `--namespace=${namespace}`, "--output=name");
  return found
    .split("\n")
    .filter((name) => name !== "")
    .sort();
}

/** Uids of all machines: another machine of the same name would have another one. */
const machines = (): Promise<string> =>
  onManagementPlane(
    "get",
    "machines.v1beta2.cluster.x-k8s.io",
    "--all-namespaces",
    '--output=jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{"\\n"}{end}',
  );

export function steadyMachines(): void {
  describe("machines", () => {
    test("stay while nothing changes, also after every controller restarted", async () => {
      const before = await machines();
      const controllers = await onManagementPlane(
        "get",
        "deployments",
        "--all-namespaces",
        '--output=jsonpath={range .items[*]}{.metadata.namespace} {.metadata.name}{"\\n"}{end}',
      );
      const all = controllers
        .trim()
        .split("\n")
        .map((line) => line.split(" "));
      expect(all.length).toBeGreaterThan(5);
      for (const [namespace, name] of all)
        await onManagementPlane("rollout", "restart", `--namespace=${namespace}`, `deployment/${name}`);
      for (const [namespace, name] of all)
        await onManagementPlane(
          "rollout",
          "status",
          `--namespace=${namespace}`,
          `deployment/${name}`,
          "--timeout=240s",
        );
      await expectNoChanges();
      expect(await machines()).toBe(before);
    }, 900_000);
  });
}

/** A node's object goes seconds after its machine; until then an agent is missing there, which a refresh would tell. */
async function agentsRun({ name }: ClusterPlan, nodes: number): Promise<void> {
  const counts = "{.status.desiredNumberScheduled} {.status.numberAvailable}";
  const query = ["get", "daemonset", "cilium", "--namespace=kube-system", `--output=jsonpath=${counts}`];
  await waitFor(`an agent on each of ${nodes} nodes of ${name}`, 120_000, async () => {
    const { stdout } = await kubectl(lab(), name, query);
    if (stdout !== `${nodes} ${nodes}`) throw new Error(`wanted and available: ${stdout}`);
    return true;
  });
}

/** A pool's machines get another size: new ones replace them, and the old template stays until no machine refers to it. */
export function replacedMachines(name: string, pool: string): void {
  describe(`the pool ${pool} of ${name}, with larger machines`, () => {
    test("has new machines only, and the old template went last", async () => {
      const cluster = deployed().find((each) => each.name === name)!;
      const kind = "vspheremachinetemplates.v1beta2.infrastructure.cluster.x-k8s.io";
      const [templates, before] = [await names(kind, cluster), await machines()];
      const { size } = cluster.workers.find((each) => each.name === pool)!;
      await labStackFile({ overlay: { [`clusters.${name}.workers.${pool}.size`]: { ...size, cpus: size.cpus + 2 } } });
      await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never"]);
      const left = await names(kind, cluster);
      expect(left).toHaveLength(templates.length);
      expect(left).not.toEqual(templates);
      const old = before.split("\n").filter((line) => line.startsWith(`${name}-${pool}-`));
      const now = (await machines()).split("\n");
      expect(old.length).toBeGreaterThan(0);
      expect(old.filter((line) => now.includes(line))).toEqual([]);
      await agentsRun(cluster, now.filter((line) => line.startsWith(`${name}-`)).length);
      await expectNoChanges();
    }, 1_200_000);
  });
}
