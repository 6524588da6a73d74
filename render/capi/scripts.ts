/** Pieces of shell that the start of the control plane and the renewal of its certificates share. */

export const adminKubeconfig = "/etc/kubernetes/admin.conf";

export const startScript = "/usr/local/lib/site/start-control-plane";

const manifests = "/etc/kubernetes/manifests";
/** Where the static pods' manifests lie while the control plane is stopped. */
export const stoppedManifests = "/etc/kubernetes/stopped-manifests";

/** Undoes a stop of the control plane that was interrupted. */
export const restoreManifests = `if [ -d ${stoppedManifests} ]; then
  for manifest in ${stoppedManifests}/*.yaml; do if [ -e "$manifest" ]; then mv "$manifest" ${manifests}/; fi; done
  rmdir ${stoppedManifests}
fi`;

/** Ends the control plane's pods and waits until they are gone. */
export const stopControlPlane = `mkdir -p ${stoppedManifests}
mv ${manifests}/*.yaml ${stoppedManifests}/
while pidof etcd kube-apiserver kube-controller-manager kube-scheduler >/dev/null; do sleep 1; done`;

/** Defines \`await_api\`, which returns when the API server is ready, or fails with what it says. */
export const awaitApi = (seconds: number): string => `await_api() {
  deadline=$(($(date +%s) + ${seconds}))
  until kubectl get --raw /readyz >/dev/null 2>&1; do
    if [ "$(date +%s)" -ge "$deadline" ]; then
      kubectl get --raw '/readyz?verbose' >&2 || true
      echo "the API server was not ready within ${seconds} s" >&2
      exit 1
    fi
    sleep 1
  done
}`;
