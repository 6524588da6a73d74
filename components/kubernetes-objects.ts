/** Rendered Kubernetes objects as Pulumi resources, each by the type that the provider knows how to wait for. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject, SecretObject } from "../render/kubernetes-object";

type Constructor = new (name: string, args: never, opts?: pulumi.CustomResourceOptions) => pulumi.CustomResource;

/** Kinds with a type of their own; all others are custom resources. */
const builtIn: Readonly<Record<string, Constructor>> = {
  "v1/ConfigMap": k8s.core.v1.ConfigMap,
  "v1/Namespace": k8s.core.v1.Namespace,
  "v1/ServiceAccount": k8s.core.v1.ServiceAccount,
  "apps/v1/DaemonSet": k8s.apps.v1.DaemonSet,
  "rbac.authorization.k8s.io/v1/ClusterRole": k8s.rbac.v1.ClusterRole,
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": k8s.rbac.v1.ClusterRoleBinding,
  "rbac.authorization.k8s.io/v1/Role": k8s.rbac.v1.Role,
  "rbac.authorization.k8s.io/v1/RoleBinding": k8s.rbac.v1.RoleBinding,
};

/** One object. Not for Secrets: `kubernetesSecret` keeps their values secret. */
export function kubernetesResource(
  name: string,
  object: KubernetesObject,
  opts: pulumi.CustomResourceOptions,
): pulumi.CustomResource {
  const { apiVersion, kind } = object;
  if (apiVersion === "v1" && kind === "Secret") throw new Error(`${name}: a Secret is made by kubernetesSecret`);
  const type = builtIn[`${apiVersion}/${kind}`];
  if (type !== undefined) return new type(name, object as never, opts);
  return new k8s.apiextensions.CustomResource(name, object as k8s.apiextensions.CustomResourceArgs, opts);
}

/** A Secret, whose values are secret in state and in previews. */
export function kubernetesSecret(
  name: string,
  { metadata, type }: SecretObject,
  values: pulumi.Output<Readonly<Record<string, string>>>,
  opts: pulumi.CustomResourceOptions,
): k8s.core.v1.Secret {
  return new k8s.core.v1.Secret(
    name,
    { metadata, type, stringData: pulumi.secret(values) },
    { ...opts, additionalSecretOutputs: ["data", "stringData"] },
  );
}
