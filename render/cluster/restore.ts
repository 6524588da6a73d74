/**
 * A cluster's etcd from a snapshot, as shell for its control plane nodes. Everything that can fail happens beside the running
 * etcd; then all members stop, change their data, and start.
 */
import { mountEtcd } from "../capi/etcd-programs";
import { restoreOptions, sealKey, sealOptions } from "../capi/restore";
import { restoreManifests, stopControlPlane, stoppedManifests } from "../capi/scripts";
import { quoteCommand, quoteWord } from "../shell";

/** A member of the etcd to be: a control plane node by the name that kubeadm gave it. */
export interface Member {
  readonly name: string;
  readonly address: string;
}

const work = "/var/lib/etcd-restore";

/** kubeadm's own folder of etcd's data. */
const data = "/var/lib/etcd";

/** Where the data lies that was there before. */
export const dataBefore = "/var/lib/etcd-before-restore";

const peer = ({ address }: Member): string => `https://${address}:2380`;

/** A command for an administrator of a node: the script runs as root. */
const asRoot = (script: string): string => quoteCommand(["sudo", "sh", "-euc", script]);

/** Reads a sealed snapshot from standard input and makes this member's data of it, beside the running one's. */
export function prepareMember(member: Member, members: readonly Member[], token: string): string {
  const restore = [
    `etcdutl snapshot restore ${work}/etcd.db --name ${quoteWord(member.name)}`,
    `--initial-cluster ${quoteWord(members.map((each) => `${each.name}=${peer(each)}`).join(","))}`,
    `--initial-cluster-token ${quoteWord(token)} --initial-advertise-peer-urls ${quoteWord(peer(member))}`,
    `--data-dir ${work}/data ${restoreOptions}`,
  ].join(" ");
  return asRoot(`umask 077
rm -rf ${work}
mkdir ${work}
${sealKey("/etc/kubernetes/pki/etcd/ca.key")}
openssl enc -d ${sealOptions} -out ${work}/etcd.db
manifest=/etc/kubernetes/manifests/etcd.yaml
if [ ! -e $manifest ]; then manifest=${stoppedManifests}/etcd.yaml; fi
image=$(sed -n 's/^ *image: //p' $manifest | head -n 1)
${mountEtcd('"$image"')}
${restore} 2>${work}/log >&2 || { tail -n 5 ${work}/log >&2; exit 1; }
rm ${work}/etcd.db`);
}

/** Ends all pods of the node's control plane. */
export const stopMember = asRoot(`${restoreManifests}
${stopControlPlane}`);

/** Undoes `stopMember`. */
export const startMember = asRoot(restoreManifests);

/**
 * The restored data takes the old one's place; the folder itself stays, as it may be a disk of its own. A node that joined
 * after the snapshot registers itself anew with its kubelet.
 */
export const changeMember = asRoot(`if [ -e ${data}/member ]; then
  rm -rf ${dataBefore}
  mkdir -m 0700 ${dataBefore}
  mv ${data}/member ${dataBefore}/
fi
mv ${work}/data/member ${data}/
rm -rf ${work}
${restoreManifests}
systemctl restart kubelet.service`);
