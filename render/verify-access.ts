/** What `npm run verify` may read of an API server, and the kubeconfig with which it does. */
import { parse, stringify } from "yaml";
import { backupReport } from "./capi/backup";

/** Rights on a cluster's API server, or on the management plane's. */
export type VerifyScope = "cluster" | "managementPlane";

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
  /** Only objects of these names. */
  readonly resourceNames?: readonly string[];
}

const reading = (apiGroup: string, ...resources: string[]): PolicyRule => ({
  apiGroups: [apiGroup],
  resources,
  verbs: ["get", "list"],
});

/** No secrets, no configuration (but what `capi` says of its backups), and no `exec`: whoever may exec into an agent may do all that the agent may. */
export const verifyRules: Readonly<Record<VerifyScope, readonly PolicyRule[]>> = {
  cluster: [
    reading("", "nodes", "services"),
    reading("apps", "daemonsets", "deployments"),
    reading("discovery.k8s.io", "endpointslices"),
    reading("cilium.io", "ciliumnodes", "ciliumbgpnodeconfigs"),
  ],
  managementPlane: [
    reading("cluster.x-k8s.io", "clusters", "machinedeployments", "machinehealthchecks", "machines"),
    reading("controlplane.cluster.x-k8s.io", "kubeadmcontrolplanes"),
    reading("ipam.cluster.x-k8s.io", "ipaddressclaims"),
    { apiGroups: [""], resources: ["configmaps"], verbs: ["get"], resourceNames: [backupReport] },
  ],
};

/**
 * An administrator's kubeconfig with `verify`'s token instead of the administrator's credentials: same server, CA and
 * proxy. It holds the token: treat it as a secret.
 */
export function renderVerifyKubeconfig(adminKubeconfig: string, token: string): string {
  const { clusters } = parse(adminKubeconfig) as { readonly clusters: readonly { readonly name: string }[] };
  const [{ name }] = clusters;
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: clusters.slice(0, 1),
      users: [{ name: "verify", user: { token } }],
      contexts: [{ name: "verify", context: { cluster: name, user: "verify" } }],
      "current-context": "verify",
    },
    { lineWidth: 0 },
  );
}
