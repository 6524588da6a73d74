/** Snapshots of etcd leave the region encrypted, and one of them becomes a cluster's, or the management plane's, state again. */
import { kubectl, managementPlane } from "../../../lab/kubectl";
import { waitFor } from "../../../lab/run";
import { backupReport, reportKey } from "../../../render/capi/backup";
import { dataBefore } from "../../../render/cluster/restore";
import { atBackups, restore, takeSnapshots } from "../../support/lab-backups";
import { ask, atNode, deployed, isControlPlane, nodesOf } from "../../support/cluster-nodes";
import { host, lab, onHost } from "../../support/lab";

/** kubectl on the machine itself: it works whatever happened to the operator's kubeconfig. */
const onCapi = (command: string): Promise<string> =>
  onHost("capi", `kubectl --kubeconfig /etc/kubernetes/admin.conf ${command}`);

const names = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "");

export function managementBackups(): void {
  describe("backups of the management plane", () => {
    test("a snapshot is on the server, and nobody there can read it", async () => {
      await onCapi("--namespace default create configmap before-the-snapshot --from-literal=text=canary-in-etcd");
      const snapshots = await takeSnapshots();
      expect(snapshots.map(({ cluster }) => cluster)).toContain("capi");
      expect(await atBackups("ls */config && find . -type f | wc -l")).toMatch(/config/);
      // grep -c counts files' lines; none of etcd's words is anywhere in clear.
      expect(await atBackups("grep -rlaE 'canary-in-etcd|kube-system|BEGIN' . || true")).toBe("");
      const report = await onCapi(`--namespace kube-system get configmap ${backupReport} -o json`);
      const { data } = JSON.parse(report) as { data: Readonly<Record<string, string>> };
      expect(Date.now() - Date.parse(data[reportKey.snapshot("capi")])).toBeLessThan(300_000);
      expect(Date.parse(data[reportKey.check])).toBeGreaterThan(0);
    });

    test("nothing of a backup is left on the machine", async () => {
      const left = "ls -d /var/lib/management/backup /run/etcd.* /run/snapshot.* 2>/dev/null || true";
      expect(await onHost("capi", left)).toBe("");
    });
  });
}

/** With clusters: their snapshots, and one of them restored. */
export function restoredCluster(name: string): void {
  describe(`the cluster ${name}, restored`, () => {
    const plan = () => deployed().find((cluster) => cluster.name === name)!;
    const inside = async (...args: string[]) => (await kubectl(lab(), name, args)).stdout;
    let before: readonly string[];

    test("every cluster has a snapshot", async () => {
      await inside("--namespace", "default", "create", "configmap", "before-the-snapshot");
      before = (await nodesOf(plan())).map(({ metadata }) => metadata.name).sort();
      const clusters = (await takeSnapshots()).map(({ cluster }) => cluster);
      expect(clusters).toEqual(expect.arrayContaining(["capi", ...deployed().map((cluster) => cluster.name)]));
    });

    test("it is as of its snapshot, on the machines that it had", async () => {
      await inside("--namespace", "default", "create", "configmap", "after-the-snapshot");
      await inside("--namespace", "default", "delete", "configmap", "before-the-snapshot");
      const said = await restore(name);
      expect(said).toContain("no longer paused");
      const found = names(await inside("--namespace", "default", "get", "configmaps", "-o", "name"));
      expect(found).toContain("configmap/before-the-snapshot");
      expect(found).not.toContain("configmap/after-the-snapshot");
      expect((await nodesOf(plan())).map(({ metadata }) => metadata.name).sort()).toEqual(before);
    });

    test("it takes what is written, and its nodes are well", async () => {
      await inside("--namespace", "default", "create", "configmap", "after-the-restore");
      await waitFor("nodes ready", 180_000, async () => {
        const unready = (await nodesOf(plan())).filter(
          ({ status }) => !status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True"),
        );
        if (unready.length > 0) throw new Error(unready.map(({ metadata }) => metadata.name).join(", "));
        return true;
      });
    });

    test("Cluster API finds it well, and replaces nothing", async () => {
      interface Machine {
        readonly metadata: { readonly deletionTimestamp?: string };
        readonly status: { readonly nodeRef?: { readonly name: string } };
      }
      const machines = await ask<{ items: readonly Machine[] }>(
        managementPlane,
        "machines.v1beta2.cluster.x-k8s.io",
        `--namespace=${plan().namespace}`,
      );
      expect(machines.items.map(({ status }) => status.nodeRef?.name).sort()).toEqual(before);
      expect(machines.items.filter(({ metadata }) => metadata.deletionTimestamp !== undefined)).toEqual([]);
    });

    test("the data that was there before is kept on the nodes", async () => {
      const controlPlane = (await nodesOf(plan())).filter(isControlPlane);
      for (const { metadata } of controlPlane) {
        expect(await atNode(metadata.name, `ls ${dataBefore}`)).toContain("member");
      }
    });
  });
}

/** The management plane goes back in time with clusters below it: they are paused until somebody looked. */
export function restoredManagementPlane(): void {
  test("a restored management plane is as of its snapshot, and touches no machine before somebody resumes its clusters", async () => {
    const machineIds = async () =>
      (
        await ask<{ items: readonly { readonly metadata: { readonly name: string; readonly uid: string } }[] }>(
          managementPlane,
          "machines.v1beta2.cluster.x-k8s.io",
          "--all-namespaces",
        )
      ).items.map(({ metadata }) => `${metadata.name} ${metadata.uid}`);
    const before = await machineIds();
    await onCapi("--namespace default create configmap after-the-snapshot");
    const said = await restore(host("capi").name);
    const found = names(await onCapi("--namespace default get configmaps -o name"));
    expect(found).toContain("configmap/kube-root-ca.crt");
    expect(found).not.toContain("configmap/after-the-snapshot");
    for (const { name } of deployed()) expect(said).toContain(`paused ${name}`);
    expect(await machineIds()).toEqual(before);
    for (const { name } of deployed()) await restore(name, "--resume");
    await waitFor("Cluster API works again", 180_000, async () => {
      for (const { name, namespace } of deployed()) {
        const path = '{.status.conditions[?(@.type=="Available")].status}{.spec.paused}';
        const answer = await onCapi(
          `--namespace ${namespace} get clusters.v1beta2.cluster.x-k8s.io ${name} -o jsonpath='${path}'`,
        );
        if (answer !== "True") throw new Error(`${name}: ${answer}`);
      }
      return true;
    });
    expect(await machineIds()).toEqual(before);
  });
}
