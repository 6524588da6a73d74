/** What the site's groups may do in a cluster: each bound to the ClusterRole that the site file names. */
import type { ClusterPlan, LoginPlan } from "../../plan/model";
import { contentHash, type KubernetesObject } from "../kubernetes-object";

/** Names of RBAC objects may hold most characters; what a URL or a shell would mind is replaced, and told apart by a hash. */
function bindingName(group: string, role: string): string {
  const [safeGroup, safeRole] = [group, role].map((part) => part.replace(/[^A-Za-z0-9._-]/g, "-"));
  const exact = safeGroup === group && safeRole === role;
  return `site:${safeGroup}:${safeRole}${exact ? "" : `:${contentHash([group, role])}`}`;
}

/** One ClusterRoleBinding for each group and role; the group carries the prefix that API servers put before it. */
export function renderGroupBindings(login: LoginPlan, cluster: ClusterPlan): KubernetesObject[] {
  const bindings = new Map(cluster.groups.map((entry) => [bindingName(entry.group, entry.role), entry]));
  return [...bindings].map(([name, { group, role }]) => ({
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name, labels: { "app.kubernetes.io/managed-by": "kubernetes-vsphere" } },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: `${login.prefix}${group}` }],
  }));
}
