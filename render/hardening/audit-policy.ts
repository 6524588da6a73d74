/** What kube-apiserver writes into its audit log (https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/). */
import { stringify } from "yaml";
import type { HostFile } from "../host-content";
import { rootFile } from "../host-file";
import { auditPolicyPath } from "./settings";

/** The cluster's own programs, which ask all day long and change nothing by it. */
const programs = {
  users: ["system:kube-scheduler", "system:kube-controller-manager", "system:cloud-controller-manager"],
  userGroups: ["system:nodes", "system:serviceaccounts:kube-system"],
};

const reading = ["get", "list", "watch"];

/**
 * The first rule that fits decides. Bodies are written for rights only: all others may hold passwords, in Secrets and
 * elsewhere. What people read is written, too.
 */
const rules = [
  // The API server's own loopback, which nobody else can use.
  { level: "None", users: ["system:apiserver"] },
  { level: "Metadata", resources: [{ group: "", resources: ["secrets", "configmaps", "serviceaccounts/token"] }] },
  { level: "Metadata", resources: [{ group: "authentication.k8s.io" }] },
  {
    level: "Request",
    verbs: ["create", "update", "patch", "delete", "deletecollection"],
    resources: [{ group: "rbac.authorization.k8s.io" }],
  },
  { level: "None", nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/version", "/openapi/*"] },
  {
    level: "None",
    resources: [{ group: "", resources: ["events"] }, { group: "events.k8s.io" }, { group: "coordination.k8s.io" }],
  },
  { level: "None", users: programs.users, verbs: reading },
  { level: "None", userGroups: programs.userGroups, verbs: reading },
  { level: "Metadata" },
];

/** The policy's text; requests are written once they are answered, not when they come as well. */
export function auditPolicyFile(): HostFile {
  const policy = { apiVersion: "audit.k8s.io/v1", kind: "Policy", omitStages: ["RequestReceived"], rules };
  return rootFile(auditPolicyPath, stringify(policy, { lineWidth: 0 }), "0600");
}
