/** What people need for `kubectl`: a kubeconfig per cluster that logs them in through dex, and the page that offers it. */
import { parse, stringify } from "yaml";
import type { ClusterPlan, LoginPlan, RegionPlan } from "../plan/model";
import { loginRedirects } from "./dex";

/** Port of every API server's address. */
const apiPort = 6443;

/** Scopes beside `openid`: what dex's claims come from, and the refresh token. */
const scopes = ["profile", "email", "groups", "offline_access"];

/** kubelogin's ways to log in: with the machine's own browser, or (RFC 8628) with one elsewhere. */
const flows = {
  browser: {
    suffix: "",
    arguments: [
      "--grant-type=authcode",
      ...loginRedirects.map((url) => `--listen-address=127.0.0.1:${new URL(url).port}`),
    ],
  },
  device: { suffix: "-device", arguments: ["--grant-type=device-code", "--skip-open-browser"] },
} as const;

const base64 = (text: string): string => Buffer.from(text).toString("base64");

function user(site: string, login: LoginPlan, flow: keyof typeof flows) {
  const name = `ad-${site}${flows[flow].suffix}`;
  const args = [
    "oidc-login",
    "get-token",
    `--oidc-issuer-url=${login.issuer}`,
    `--oidc-client-id=${login.clientId}`,
    ...scopes.map((scope) => `--oidc-extra-scope=${scope}`),
    "--oidc-pkce-method=S256",
    ...(login.trustAnchor === undefined ? [] : [`--certificate-authority-data=${base64(login.trustAnchor)}`]),
    ...flows[flow].arguments,
  ];
  return {
    name,
    user: {
      exec: {
        apiVersion: "client.authentication.k8s.io/v1",
        command: "kubectl",
        args,
        installHint: `kubectl logs in with kubelogin. Install it: kubectl krew install oidc-login, or see ${login.issuer}${loginPagePath}`,
        interactiveMode: "IfAvailable",
        provideClusterInfo: false,
      },
    },
  };
}

/**
 * A cluster's kubeconfig for people; it holds no secret. The default context logs in with the machine's browser, the one
 * that ends with `-device` with a code. Users are named after the site: one login serves all its clusters.
 *
 * @param authority PEM of the CA that signed the API server's certificate
 * @see https://github.com/int128/kubelogin/blob/v1.34.0/docs/usage.md
 */
export function renderUserKubeconfig(plan: RegionPlan, cluster: ClusterPlan, authority: string): string {
  const users = [user(plan.site, plan.login, "browser"), user(plan.site, plan.login, "device")];
  const contexts = Object.values(flows).map(({ suffix }, index) => ({
    name: `${cluster.meshName}${suffix}`,
    context: { cluster: cluster.meshName, user: users[index].name },
  }));
  return stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: cluster.meshName,
          cluster: {
            // The address, not the name: it is in the API server's certificate, and works while Active Directory's DNS does not.
            server: `https://${cluster.apiVip}:${apiPort}`,
            "certificate-authority-data": base64(authority),
          },
        },
      ],
      users,
      contexts,
      "current-context": cluster.meshName,
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

interface KubeconfigCluster {
  readonly server?: unknown;
  readonly "certificate-authority-data"?: unknown;
}

const clusterOf = (kubeconfig: string): KubeconfigCluster =>
  (parse(kubeconfig) as { clusters?: { cluster?: KubeconfigCluster }[] } | null)?.clusters?.[0]?.cluster ?? {};

/**
 * The CA of a kubeconfig's cluster, PEM: all that leaves an administrator's kubeconfig for a user's.
 *
 * @throws if there is none: a kubeconfig that trusts anybody is never handed on.
 */
export function authorityOf(kubeconfig: string): string {
  const data = clusterOf(kubeconfig)["certificate-authority-data"];
  const pem = typeof data === "string" ? Buffer.from(data, "base64").toString() : "";
  if (!pem.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Error(
      "the cluster's kubeconfig holds no certificate-authority-data, so nothing would prove its API server",
    );
  }
  return pem;
}

/** URL of a kubeconfig's API server. Throws if there is none. */
export function serverOf(kubeconfig: string): string {
  const { server } = clusterOf(kubeconfig);
  if (typeof server !== "string") throw new Error("the cluster's kubeconfig names no server");
  return server;
}

/** Where the page is, below the issuer. */
export const loginPagePath = "/kubectl/";

/** File of a cluster's kubeconfig, beside the page. */
export const kubeconfigName = (cluster: ClusterPlan): string => `${cluster.name}.yaml`;
