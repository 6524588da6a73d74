/** Who an API server takes at their word: people by dex's tokens, nobody else but certificates and service accounts. */
import { parse } from "semver";
import { stringify } from "yaml";
import type { ClusterPlan, LoginPlan } from "../../plan/model";

/** Paths that are open to anonymous requests: kubelet's and load balancers' probes, and where a joining node finds the cluster's CA. */
const anonymousPaths = ["/livez", "/readyz", "/healthz", "/api/v1/namespaces/kube-public/configmaps/cluster-info"];

/** `apiserver.config.k8s.io/v1` came with Kubernetes 1.34; before it v1beta1 holds the same fields. */
function apiVersion(cluster: Pick<ClusterPlan, "kubernetesVersion">): string {
  const version = parse(cluster.kubernetesVersion);
  if (version === null) throw new Error(`${cluster.kubernetesVersion} is no version`);
  return `apiserver.config.k8s.io/${version.major === 1 && version.minor < 34 ? "v1beta1" : "v1"}`;
}

/**
 * The text of an API server's AuthenticationConfiguration
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#using-authentication-configuration).
 */
export function renderAuthentication(login: LoginPlan, cluster: Pick<ClusterPlan, "kubernetesVersion">): string {
  const configuration = {
    apiVersion: apiVersion(cluster),
    kind: "AuthenticationConfiguration",
    anonymous: { enabled: true, conditions: anonymousPaths.map((path) => ({ path })) },
    jwt: [
      {
        issuer: {
          url: login.issuer,
          audiences: [login.clientId],
          ...(login.trustAnchor === undefined ? {} : { certificateAuthority: login.trustAnchor }),
        },
        claimMappings: {
          username: { claim: login.usernameClaim, prefix: login.prefix },
          groups: { claim: login.groupsClaim, prefix: login.prefix },
        },
      },
    ],
  };
  return stringify(configuration, { lineWidth: 0, blockQuote: "literal" });
}
