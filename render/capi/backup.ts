/** Snapshots of every etcd of the region, taken by `capi` on a timer and delivered to the repository. */
import type { BackupPlan } from "../../plan/model";
import type { RoleContent } from "../host-content";
import { rootFile } from "../host-file";
import { backupFolder, backupLock } from "./backup-paths";
import { resticCommand, repositoryFiles, type BackupSecrets } from "./backup-repository";
import { etcdProgramFiles, withEtcd } from "./etcd-programs";
import { certificatesFolder, encryptionPath } from "./kubeadm";
import { restoreFiles } from "./restore";
import { adminKubeconfig } from "./scripts";

/** ConfigMap in kube-system that says when each cluster's newest snapshot was taken; what `npm run verify` reads. */
export const backupReport = "backups";

/** Keys of that ConfigMap: `snapshot.CLUSTER`, and the last complete look at the repository. Values: RFC 3339, UTC. */
export const reportKey = { snapshot: (cluster: string) => `snapshot.${cluster}`, check: "check" } as const;

export const backupService = "backup.service";
const backupTimer = "backup.timer";

const script = (name: string) => `/usr/local/lib/site/${name}`;
const snapshotManagement = script("snapshot-management");
const snapshotCluster = script("snapshot-cluster");
const backupScript = script("backup");

/** The management plane: etcd, and beside it all CAs and keys that etcd's content is worth nothing without. */
const management = `#!/bin/sh
# Arguments: the folder to write to.
set -eu
etcdctl --endpoints https://127.0.0.1:2379 --cacert ${certificatesFolder}/etcd/ca.crt \\
  --cert ${certificatesFolder}/etcd/healthcheck-client.crt --key ${certificatesFolder}/etcd/healthcheck-client.key \\
  snapshot save "$1/etcd.db" >/dev/null
cp -a ${certificatesFolder} "$1/pki"
cp -a ${encryptionPath} "$1/encryption.yaml"
`;

/**
 * A cluster: its etcd by way of its API server and a certificate for a day, which is how Cluster API's control plane
 * provider speaks to it, too; nothing listens for it, and no node holds anything for it.
 */
const cluster = `#!/bin/sh
# Arguments: namespace, name, the folder to write to.
set -eu
namespace=$1 name=$2 folder=$3
private=$(mktemp -d /run/snapshot.XXXXXX)
forward=
trap 'if [ -n "$forward" ]; then kill "$forward" 2>/dev/null || true; fi; rm -rf "$private"' EXIT
secret() { kubectl --namespace "$namespace" get secret "$1" -o go-template="{{index .data \\"$2\\" | base64decode}}"; }
secret "$name-kubeconfig" value >"$private/kubeconfig"
secret "$name-etcd" tls.crt >"$private/ca.crt"
secret "$name-etcd" tls.key >"$private/ca.key"
secret "$name-encryption" encryption.yaml >"$folder/encryption.yaml"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$private/client.key" 2>/dev/null
echo extendedKeyUsage=clientAuth >"$private/extensions"
openssl req -new -key "$private/client.key" -subj /CN=backup |
  openssl x509 -req -CA "$private/ca.crt" -CAkey "$private/ca.key" -set_serial "0x$(openssl rand -hex 8)" -days 1 \\
    -extfile "$private/extensions" -out "$private/client.crt" 2>/dev/null
inside() { kubectl --kubeconfig "$private/kubeconfig" --namespace kube-system "$@"; }
members=$(inside get pods --selector component=etcd,tier=control-plane --field-selector status.phase=Running -o name)
for member in $members; do
  : >"$private/forward"
  # No function: what $! names must be kubectl itself, and it must not hold the lock on after us.
  kubectl --kubeconfig "$private/kubeconfig" --namespace kube-system port-forward --address 127.0.0.1 "$member" :2379 \\
    >"$private/forward" 2>&1 9>&- &
  forward=$!
  port=
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    port=$(sed -n 's/^Forwarding from 127.0.0.1:\\([0-9]*\\) .*/\\1/p' "$private/forward")
    if [ -n "$port" ] || ! kill -0 "$forward" 2>/dev/null; then break; fi
    sleep 1
  done
  if [ -n "$port" ] && etcdctl --endpoints "https://127.0.0.1:$port" --cacert "$private/ca.crt" \\
    --cert "$private/client.crt" --key "$private/client.key" snapshot save "$folder/etcd.db" >/dev/null
  then exit 0; fi
  echo "$name: no snapshot from $member: $(cat "$private/forward")" >&2
  kill "$forward" 2>/dev/null || true
  forward=
done
echo "$name: no member of its etcd gave a snapshot (members that run: \${members:-none})" >&2
exit 1
`;

/** Every snapshot is read by etcd's own program before it counts; one cluster that fails keeps no other from its backup. */
const backup = ({ target: { retention } }: BackupPlan) => `#!/bin/sh
set -eu
umask 077
export KUBECONFIG=${adminKubeconfig} HOME=/root
exec 9>${backupLock}
flock 9
rm -rf ${backupFolder}
mkdir -p ${backupFolder}
trap 'rm -rf ${backupFolder}' EXIT
restic() { ${resticCommand} --quiet "$@" </dev/null; }
restic cat config >/dev/null 2>&1 || restic init
# Nobody else writes there: what still holds a lock is dead.
restic unlock
report() { kubectl --namespace kube-system patch configmap ${backupReport} --patch "{\\"data\\":{\\"$1\\":\\"$2\\"}}" >/dev/null; }
kubectl --namespace kube-system get configmap ${backupReport} >/dev/null 2>&1 ||
  kubectl --namespace kube-system create configmap ${backupReport} >/dev/null || true
failed=
# Arguments: name, then the command that takes its snapshot and is given the folder to write to.
deliver() {
  name=$1 folder=${backupFolder}/$1 taken=$(date --utc +%Y-%m-%dT%H:%M:%SZ)
  shift
  mkdir "$folder" &&
    "$@" "$folder" </dev/null &&
    etcdutl snapshot status "$folder/etcd.db" --write-out json >"$folder/status.json" &&
    restic backup --host "$name" "$folder" &&
    restic forget --host "$name" --group-by host --keep-last ${retention.last} --keep-daily ${retention.daily} --keep-weekly ${retention.weekly} --keep-monthly ${retention.monthly} &&
    report "snapshot.$name" "$taken" &&
    rm -rf "$folder" || failed="$failed $name"
}
deliver capi ${snapshotManagement}
if [ -n "$(kubectl get --ignore-not-found customresourcedefinition clusters.cluster.x-k8s.io -o name)" ]; then
  kubectl get clusters.v1beta2.cluster.x-k8s.io --all-namespaces \\
    -o jsonpath='{range .items[?(@.status.initialization.controlPlaneInitialized==true)]}{.metadata.namespace}{" "}{.metadata.name}{"\\n"}{end}' \\
    >${backupFolder}/clusters
  while read -r namespace name; do deliver "$name" ${snapshotCluster} "$namespace" "$name"; done <${backupFolder}/clusters
fi
restic prune
restic check
report check "$(date --utc +%Y-%m-%dT%H:%M:%SZ)"
if [ -n "$failed" ]; then echo "no backup of:$failed" >&2; exit 1; fi
`;

const service = [
  "[Unit]",
  "Description=Snapshots of every etcd of the region",
  "After=network-online.target",
  "Wants=network-online.target",
  "[Service]",
  "Type=oneshot",
  `ExecStart=${withEtcd} ${backupScript}`,
  "TimeoutStartSec=1h",
];

/** systemd.time(7), from midnight UTC on. */
const calendarOf = ({ everyHours }: BackupPlan): string =>
  `*-*-* ${everyHours === 24 ? "00" : `00/${everyHours}`}:00:00 UTC`;

const timer = (backups: BackupPlan) => [
  "[Unit]",
  "Description=Times of the snapshots of every etcd of the region",
  "[Timer]",
  `OnCalendar=${calendarOf(backups)}`,
  "Persistent=true",
  "RandomizedDelaySec=5min",
  "[Install]",
  "WantedBy=timers.target",
];

/** What `capi` holds for backups, and for what is done with them. */
export function backupContent(backups: BackupPlan, secrets: BackupSecrets): RoleContent {
  const scripts = [
    ...etcdProgramFiles(),
    rootFile(snapshotManagement, management, "0755"),
    rootFile(snapshotCluster, cluster, "0755"),
    rootFile(backupScript, backup(backups), "0755"),
    ...restoreFiles(),
  ];
  const units = [
    rootFile(`/etc/systemd/system/${backupService}`, service),
    rootFile(`/etc/systemd/system/${backupTimer}`, timer(backups)),
  ];
  const repository = repositoryFiles(backups, secrets);
  return {
    files: [...repository, ...scripts, ...units],
    inPlace: [
      // Read anew at each run.
      { files: [...repository, ...scripts].map(({ path }) => path) },
      { files: units.map(({ path }) => path), told: ["systemctl", "restart", backupTimer] },
    ],
    packages: ["openssl", "restic"],
    programs: [],
    services: [backupTimer],
    checks: [...scripts.map(({ path }) => ["sh", "-n", path]), ["systemd-analyze", "calendar", calendarOf(backups)]],
  };
}
