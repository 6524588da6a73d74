/** The account with which `npm run verify` reads one API server. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { renderVerifyKubeconfig, verifyRules, type VerifyScope } from "../render/verify-access";

export interface VerifyAccessArgs {
  readonly scope: VerifyScope;
  /** A secret; its server, CA and proxy are taken over, its credentials are not. */
  readonly adminKubeconfig: pulumi.Output<string>;
}

const namespace = "kube-system";
const accountName = "kubernetes-vsphere-verify";

/** A service account with rights to read and a token that lasts until the account goes: `verify` runs from outside, at any time. */
export class VerifyAccess extends pulumi.ComponentResource {
  /** A secret: it holds the token. */
  readonly kubeconfig: pulumi.Output<string>;

  constructor(name: string, args: VerifyAccessArgs, opts: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:cluster:VerifyAccess", name, {}, opts);
    const account = new k8s.core.v1.ServiceAccount(
      `${name}-account`,
      { metadata: { name: accountName, namespace }, automountServiceAccountToken: false },
      { parent: this },
    );
    const role = new k8s.rbac.v1.ClusterRole(
      `${name}-role`,
      {
        metadata: { name: accountName },
        rules: verifyRules[args.scope].map(({ apiGroups, resources, verbs, resourceNames }) => ({
          apiGroups: [...apiGroups],
          resources: [...resources],
          verbs: [...verbs],
          ...(resourceNames === undefined ? {} : { resourceNames: [...resourceNames] }),
        })),
      },
      { parent: this },
    );
    new k8s.rbac.v1.ClusterRoleBinding(
      `${name}-binding`,
      {
        metadata: { name: accountName },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role.metadata.name },
        subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace }],
      },
      { parent: this },
    );
    const token = new k8s.core.v1.Secret(
      `${name}-token`,
      {
        metadata: {
          name: accountName,
          namespace,
          annotations: { "kubernetes.io/service-account.name": account.metadata.name },
        },
        type: "kubernetes.io/service-account-token",
      },
      { parent: this, dependsOn: [account] },
    );
    this.kubeconfig = pulumi.secret(
      pulumi
        .all([args.adminKubeconfig, token.data])
        .apply(([admin, data]) => renderVerifyKubeconfig(admin, tokenOf(data))),
    );
    this.registerOutputs({});
  }
}

/** The token controller writes it a moment after the Secret is there; the provider waits for it. */
function tokenOf(data: Readonly<Record<string, string>> | undefined): string {
  const token = data?.token;
  if (token === undefined)
    throw new Error(`${namespace}/${accountName}: its Secret holds no token yet. Run \`up\` again.`);
  return Buffer.from(token, "base64").toString();
}
