/** The way back: a snapshot becomes the management plane's state, or goes out to a cluster's control plane nodes. */
import type { HostFile } from "../host-content";
import { rootFile } from "../host-file";
import { backupFolder, backupLock } from "./backup-paths";
import { resticCommand } from "./backup-repository";
import { managementFolder } from "./data-disk";
import { withEtcd } from "./etcd-programs";
import { certificatesFolder, encryptionPath, etcdFolder, kubeadmPath } from "./kubeadm";
import { adminKubeconfig, startScript, stopControlPlane, stoppedManifests } from "./scripts";

const script = (name: string) => `/usr/local/lib/site/${name}`;

/** Makes a snapshot of the management plane its state. Arguments: a snapshot's id, or `latest`. */
export const restoreManagementScript = script("restore-management");

/** Writes a cluster's snapshot, encrypted for its control plane nodes, to standard output. Arguments: namespace, cluster, id. */
export const sealSnapshotScript = script("seal-snapshot");

const restoreFolder = `${managementFolder}/restore`;
const beforeFolder = `${managementFolder}/before-restore`;

/**
 * What makes restored data safe to go on with: revisions jump past all that anybody has seen, and what was before is
 * compacted, so that every watcher reads anew instead of waiting for revisions that are over.
 * Source: https://etcd.io/docs/v3.6/op-guide/recovery/#restoring-with-revision-bump
 */
export const restoreOptions = "--bump-revision 1000000000 --mark-compacted";

/** Cipher and key derivation of a sealed snapshot; the passphrase is in SEAL. Both ends: `openssl enc` with these. */
export const sealOptions = "-aes-256-ctr -pbkdf2 -iter 10000 -pass env:SEAL";

/**
 * The passphrase is derived from the key of the etcd CA, which only the cluster's control plane nodes and the management
 * plane hold: a machine that merely has a node's address can read nothing. `key`: its file, a shell word.
 */
export const sealKey = (key: string): string =>
  `SEAL=$(openssl pkey -in ${key} -outform DER | sha256sum | cut -d ' ' -f 1)
export SEAL`;

/** Lines that fetch snapshot `$2` of `$1` and set `found` to its folder. */
const fetchSnapshot = `umask 077
export HOME=/root KUBECONFIG=${adminKubeconfig}
exec 9>${backupLock}
flock 9
rm -rf ${restoreFolder}
mkdir -p ${restoreFolder}
${resticCommand} --quiet restore "$2" --host "$1" --target ${restoreFolder} >&2
found=${restoreFolder}${backupFolder}/$1
etcdutl snapshot status "$found/etcd.db" >/dev/null`;

/** Secrets in a snapshot are encrypted: with another key than that of its time nobody could read them. */
const sameKey = (current: string) => `if ! cmp -s "$found/encryption.yaml" ${current}; then
  echo "this snapshot is encrypted with another key than encryptionKeys.$1 of the stack: set that key first" >&2
  exit 1
fi`;

/** Sets spec.paused in a Cluster as etcd holds it. */
const pause = `python3 -c 'import json, sys; o = json.load(sys.stdin); o["spec"]["paused"] = True; json.dump(o, sys.stdout)'`;

/**
 * Clusters are paused in the data itself, before any API server serves it: controllers would at once act on a state that is
 * over. Then the machine begins as a new one does that finds an old one's disk: kubeadm makes all but the CAs anew.
 */
const restoreManagement = `#!/bin/sh
set -eu
if [ "\${WITH_ETCD:-}" = "" ]; then WITH_ETCD=1 exec ${withEtcd} "$0" "$@"; fi
set -- capi "$1"
${fetchSnapshot}
${sameKey(encryptionPath)}
name=$(sed -n 's/^  *name: //p' ${kubeadmPath} | head -n 1)
address=$(sed -n 's/^  *advertiseAddress: //p' ${kubeadmPath} | head -n 1)
peer=https://$address:2380
etcdutl snapshot restore "$found/etcd.db" --name "$name" --initial-cluster "$name=$peer" \\
  --initial-advertise-peer-urls "$peer" --data-dir ${restoreFolder}/etcd ${restoreOptions} >/dev/null 2>&1
client=https://127.0.0.1:23790
etcd --name "$name" --data-dir ${restoreFolder}/etcd --listen-client-urls $client --advertise-client-urls $client \\
  --listen-peer-urls https://127.0.0.1:23800 --peer-trusted-ca-file "$found/pki/etcd/ca.crt" \\
  --peer-cert-file "$found/pki/etcd/peer.crt" --peer-key-file "$found/pki/etcd/peer.key" --peer-client-cert-auth \\
  --trusted-ca-file "$found/pki/etcd/ca.crt" --cert-file "$found/pki/etcd/server.crt" \\
  --key-file "$found/pki/etcd/server.key" --client-cert-auth >${restoreFolder}/etcd.log 2>&1 &
etcd=$!
trap 'kill "$etcd" 2>/dev/null || true' EXIT
data() {
  etcdctl --endpoints $client --cacert "$found/pki/etcd/ca.crt" --cert "$found/pki/etcd/healthcheck-client.crt" \\
    --key "$found/pki/etcd/healthcheck-client.key" "$@"
}
ready=
for _ in $(seq 60); do if data endpoint health >/dev/null 2>&1; then ready=1; break; fi; sleep 1; done
if [ -z "$ready" ]; then tail -n 20 ${restoreFolder}/etcd.log >&2; exit 1; fi
data get --prefix --keys-only /registry/cluster.x-k8s.io/clusters/ | grep . >${restoreFolder}/clusters || true
while read -r key; do
  data get --print-value-only "$key" </dev/null | ${pause} >${restoreFolder}/cluster.json
  data put "$key" <${restoreFolder}/cluster.json >/dev/null
  echo "paused \${key##*/}"
done <${restoreFolder}/clusters
kill $etcd
wait $etcd || true
${stopControlPlane}
systemctl stop kubelet.service
rm -rf ${beforeFolder} ${stoppedManifests}
mkdir ${beforeFolder}
for old in ${etcdFolder} ${certificatesFolder}; do if [ -e $old ]; then mv $old ${beforeFolder}/; fi; done
mv ${restoreFolder}/etcd ${etcdFolder}
mv "$found/pki" ${certificatesFolder}
rm -rf ${restoreFolder} /etc/kubernetes/*.conf /var/lib/kubelet/pki
${startScript} >&2
`;

const sealSnapshot = `#!/bin/sh
set -eu
if [ "\${WITH_ETCD:-}" = "" ]; then WITH_ETCD=1 exec ${withEtcd} "$0" "$@"; fi
namespace=$1
shift
${fetchSnapshot}
secret() { kubectl --namespace "$namespace" get secret "$1" -o go-template="{{index .data \\"$2\\" | base64decode}}"; }
trap 'rm -rf ${restoreFolder}' EXIT
secret "$1-encryption" encryption.yaml >${restoreFolder}/encryption.yaml
${sameKey(`${restoreFolder}/encryption.yaml`)}
secret "$1-etcd" tls.key >${restoreFolder}/ca.key
${sealKey(`${restoreFolder}/ca.key`)}
openssl enc -e ${sealOptions} -in "$found/etcd.db"
`;

export const restoreFiles = (): HostFile[] => [
  rootFile(restoreManagementScript, restoreManagement, "0755"),
  rootFile(sealSnapshotScript, sealSnapshot, "0755"),
];
