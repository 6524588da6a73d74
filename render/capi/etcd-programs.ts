/**
 * etcd's own programs (etcd, etcdctl, etcdutl), out of the image that kubeadm's static pod runs: always the version that wrote
 * the data, and nothing more for a template to hold.
 */
import type { HostFile } from "../host-content";
import { rootFile } from "../host-file";
import { kubeadmPath } from "./kubeadm";

/** On `capi`: runs its arguments as a command that finds etcd's programs on its PATH. */
export const withEtcd = "/usr/local/lib/site/with-etcd";

/** Lines of shell that put the programs of `image` (a shell word) on the PATH until the shell ends. */
export const mountEtcd = (image: string): string => `etcd_root=$(mktemp -d /run/etcd.XXXXXX)
unmount_etcd() {
  ctr --namespace k8s.io images unmount --rm "$etcd_root" >/dev/null 2>&1 || umount "$etcd_root" 2>/dev/null || true
  rmdir "$etcd_root"
}
trap unmount_etcd EXIT
ctr --namespace k8s.io images mount ${image} "$etcd_root" >/dev/null
PATH=$etcd_root/usr/local/bin:$PATH`;

const script = `#!/bin/sh
set -eu
image=$(kubeadm config images list --config ${kubeadmPath} | grep /etcd:)
${mountEtcd('"$image"')}
"$@"
`;

export const etcdProgramFiles = (): HostFile[] => [rootFile(withEtcd, script, "0755")];
