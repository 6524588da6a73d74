/** Values of the Helm releases that Cluster API stands on: cert-manager for the webhooks' certificates, and the operator. */
import type { Site } from "../../config/site";
import type { KubernetesObject } from "../kubernetes-object";

export const certManagerNamespace = "cert-manager";
export const operatorNamespace = "capi-operator-system";

/**
 * The chart's own check of the API (`startupapicheck`, on by default) holds the release back until the webhook answers,
 * which the operator's chart needs at once.
 */
export function certManagerValues(): object {
  return {
    installCRDs: true,
    // Leases belong to who holds them; the default is kube-system.
    global: { leaderElection: { namespace: certManagerNamespace } },
  };
}

const trustFolder = "/etc/registry-ca";
const trustName = "registry-ca";

/** The CA of the site's registry, for the operator's pod; nothing where a public CA signed the registry's certificate. */
export function operatorTrust(site: Site): KubernetesObject | undefined {
  const { components, registry } = site.mirrors;
  if (components.kind !== "registry" || registry?.caCertificate === undefined) return undefined;
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: trustName, namespace: operatorNamespace },
    data: { "ca.crt": registry.caCertificate },
  };
}

/** What the chart mounts by default; its lists are replaced, not merged. */
const webhookCertificate = {
  volume: { name: "cert", secret: { defaultMode: 0o644, secretName: "capi-operator-webhook-service-cert" } },
  mount: { name: "cert", mountPath: "/tmp/k8s-webhook-server/serving-certs", readOnly: true },
};

export function operatorValues(site: Site): object {
  return {
    // The chart's 100m of a CPU make minutes of unpacking the providers' manifests.
    resources: { manager: { requests: { cpu: "100m", memory: "128Mi" }, limits: { cpu: "1", memory: "512Mi" } } },
    ...(operatorTrust(site) === undefined
      ? {}
      : {
          // Go reads this folder beside the image's own bundle.
          env: { manager: [{ name: "SSL_CERT_DIR", value: trustFolder }] },
          volumes: [webhookCertificate.volume, { name: trustName, configMap: { name: trustName } }],
          volumeMounts: {
            manager: [webhookCertificate.mount, { name: trustName, mountPath: trustFolder, readOnly: true }],
          },
        }),
  };
}
