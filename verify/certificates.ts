/** Every certificate that can be seen: those that servers show, and kubeadm's, of which Cluster API tells. */
import type { ClusterPlan } from "../plan/model";
import { authorityOf, serverOf } from "../render/login";
import { ask, askOne, fail, rows, type Check } from "./check";
import { ofKind, type KubeApi } from "./kubernetes";
import type { Live } from "./live";
import { judgeValidity, shownCertificate, type Endpoint } from "./validity";

/** kubeadm's certificates on the control plane's machines; Cluster API reads their end from the machines. */
export function checkKubeadmCertificates(cluster: ClusterPlan, api: KubeApi, now: Date): Promise<readonly Check[]> {
  const kind = "machines.v1beta2.cluster.x-k8s.io";
  const source = `management plane: kubectl get ${kind} --namespace ${cluster.namespace}, status.certificatesExpiryDate`;
  return ask("certificate", `kubeadm's of ${cluster.name}`, source, async () =>
    ofKind(await api.list(kind, cluster.namespace), "Machine")
      .filter(({ metadata }) => metadata.labels?.["cluster.x-k8s.io/control-plane"] !== undefined)
      .map(({ metadata, status }) => {
        const expiry = status?.certificatesExpiryDate as string | undefined;
        const subject = `kubeadm's on ${metadata.name}`;
        return rows("certificate", source)(
          subject,
          expiry === undefined
            ? fail("Cluster API does not say until when they hold")
            : judgeValidity({ subject: "kubeadm", notBefore: new Date(0), notAfter: new Date(expiry) }, now),
        );
      }),
  );
}

/** vCenter's, auth's and the API servers'. */
export async function checkCertificates(
  { site, plan, credentials, now }: Live,
  clusters: readonly ClusterPlan[],
): Promise<readonly Check[]> {
  const apiOf = (kubeconfig: string | undefined): Endpoint => {
    if (kubeconfig === undefined) throw new Error("there is no kubeconfig that would tell its address and CA");
    const { hostname, port } = new URL(serverOf(kubeconfig));
    return { host: hostname, port: Number(port || 443), ca: authorityOf(kubeconfig) };
  };
  const { managementPlane, clusters: kubeconfigs } = credentials.kubeconfigs;
  const vcenter = new URL(`https://${site.vcenter.server}`);
  const auth = new URL(plan.login.issuer);
  const shown: readonly (readonly [string, () => Endpoint])[] = [
    [
      "vCenter",
      () => ({
        host: vcenter.hostname,
        port: Number(vcenter.port || 443),
        ca: site.vcenter.tls.caCertificate,
        thumbprint: site.vcenter.tls.thumbprint,
      }),
    ],
    ["auth", () => ({ host: auth.hostname, port: 443, ca: plan.login.trustAnchor })],
    // Behind a proxy an API server shows its certificate to kubectl alone, whose rows would fail on a bad one.
    ...(site.access.proxy === undefined
      ? [
          ...(clusters.length > 0 && managementPlane !== undefined
            ? [["management plane's API server", () => apiOf(managementPlane)] as const]
            : []),
          ...clusters.map(
            (cluster) => [`API server of ${cluster.name}`, () => apiOf(kubeconfigs[cluster.name])] as const,
          ),
        ]
      : []),
  ];
  const found = await Promise.all(
    shown.map(([what, endpoint]) =>
      askOne("certificate", what, "TLS handshake", async () => judgeValidity(await shownCertificate(endpoint()), now)),
    ),
  );
  return found.flat();
}
