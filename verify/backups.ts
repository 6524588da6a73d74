/** How old the newest snapshot of each etcd is, by what `capi` says of its backups. */
import { capiKey } from "../config/secret-needs";
import type { BackupPlan, ClusterPlan } from "../plan/model";
import { backupReport, reportKey } from "../render/capi/backup";
import { clusterNames } from "../render/cluster/names";
import { ask, fail, pass, rows, type Check, type Finding } from "./check";
import type { KubeApi, KubeObject } from "./kubernetes";

const hour = 3_600_000;

const age = (time: string, now: Date): number => (now.getTime() - Date.parse(time)) / hour;

const inWords = (hours: number): string => (hours < 1 ? `${Math.round(hours * 60)} min` : `${hours.toFixed(1)} h`);

/** `since`: from when on there could have been a snapshot. */
function judge(time: string | undefined, since: string, { oldestHours }: BackupPlan, now: Date): Finding {
  const hours = age(time ?? since, now);
  if (!Number.isFinite(hours)) return fail(`its time is no time: ${time ?? since}`);
  if (time === undefined) {
    return hours <= oldestHours
      ? pass(`none yet: it exists for ${inWords(hours)}, the first is due within ${oldestHours} h`)
      : fail(`there is none, and it exists for ${inWords(hours)}`);
  }
  return hours <= oldestHours
    ? pass(`${inWords(hours)} old`)
    : fail(`the newest is ${inWords(hours)} old, planned are ${oldestHours} h at most`);
}

/** The verdicts on the report (absent: none was written yet). `roots`: the Cluster objects, which say since when there is one. */
export function judgeBackups(
  backups: BackupPlan,
  clusters: readonly ClusterPlan[],
  report: KubeObject | undefined,
  roots: readonly KubeObject[],
  now: Date,
): readonly (readonly [string, Finding])[] {
  const data = (report?.data ?? {}) as Readonly<Record<string, string>>;
  const created = new Map(
    roots.map(({ metadata }) => [
      metadata.name,
      String((metadata as { creationTimestamp?: string }).creationTimestamp),
    ]),
  );
  const [first = ""] = [...created.values()].sort();
  const known = clusters.filter((cluster) => created.has(clusterNames(cluster).cluster));
  return [
    [`${capiKey}: newest snapshot`, judge(data[reportKey.snapshot(capiKey)], first, backups, now)],
    ...known.map((cluster): readonly [string, Finding] => [
      `${cluster.name}: newest snapshot`,
      judge(data[reportKey.snapshot(cluster.name)], created.get(clusterNames(cluster).cluster) ?? "", backups, now),
    ]),
    ["repository: newest check", judge(data[reportKey.check], first, backups, now)],
  ];
}

export function checkBackups(
  backups: BackupPlan,
  clusters: readonly ClusterPlan[],
  api: KubeApi,
  now: Date,
): Promise<readonly Check[]> {
  const source = `management plane: kubectl get configmap ${backupReport} --namespace kube-system`;
  return ask("backup", "backups", source, async () => {
    const report = await api.get("configmap", backupReport, "kube-system");
    const roots = await api.list("clusters.v1beta2.cluster.x-k8s.io");
    return judgeBackups(backups, clusters, report, roots, now).map(([subject, finding]) =>
      rows("backup", source)(subject, finding),
    );
  });
}
