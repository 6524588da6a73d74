/** `npm run verify`: everything that can be seen of a live site with rights to read, as one list of rows. */
import type { Site } from "../config/site";
import type { ClusterPlan, HostPlan, RegionPlan } from "../plan/model";
import { routerQuestions, type RouterQuestion } from "../render/verify-account";
import { authorityOf, serverOf } from "../render/login";
import { judgeValidity, shownCertificate, type Endpoint } from "./certificates";
import { ask, askOne, fail, findingOf, rows, type Check, type Family, type Finding } from "./check";
import { judgeCilium } from "./cilium";
import { checkClusterApi } from "./cluster-api";
import type { Credentials } from "./credentials";
import { ofKind, withKubeApi, type KubeApi, type KubeObject } from "./kubernetes";
import { checkLogin } from "./login";
import { checkMachines } from "./machines";
import { checkForwarders } from "./forwarders";
import { checkNames } from "./names";
import { judgeNodes } from "./nodes";
import { judgeRoutes } from "./routes";
import { loadBalancers, speakers, type LoadBalancer } from "./services";
import { judgeNodeSessions, judgeRouterSessions } from "./sessions";
import { hostTarget, withSsh } from "./ssh";

export interface Live {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly credentials: Credentials;
  readonly now: Date;
}

/** What a cluster's API server is asked for. */
export const workloadKinds = "nodes,services,daemonsets.apps,deployments.apps,endpointslices.discovery.k8s.io";
export const ciliumKinds = "ciliumnodes.cilium.io,ciliumbgpnodeconfigs.cilium.io";

/** What a cluster's API server said; empty where it did not answer, which its own rows tell. */
interface ClusterView {
  readonly checks: readonly Check[];
  readonly services: readonly LoadBalancer[];
  readonly speakers: ReadonlyMap<string, string>;
}

/** All rows, every source asked at the same time; the routers wait for what the clusters say should be on them. */
export async function verify(live: Live): Promise<readonly Check[]> {
  const { site, plan, credentials } = live;
  const deployed = plan.clusters.filter(({ state }) => state === "deployed");
  const machines = checkMachines(site, plan, credentials);
  const certificates = checkCertificates(live, deployed);
  const management = checkManagementPlane(live, deployed);
  const login = checkLogin(plan);
  const forwarders = checkForwarders(site, plan, credentials, deployed);
  const views = await Promise.all(deployed.map((cluster) => viewCluster(live, cluster)));
  const services = new Map(deployed.map((cluster, index) => [cluster.name, views[index].services]));
  const speaking = new Map(
    views.flatMap((view) => [...view.speakers].map(([name, address]) => [address, name] as const)),
  );
  const routers = plan.bgp.routers.map((router) =>
    checkRouter(
      live,
      plan.hosts.find(({ name }) => name === router.host)!,
      services,
      speaking,
    ),
  );
  const parts = [
    machines,
    management,
    ...views.map(({ checks }) => checks),
    ...routers,
    checkNames(plan, services),
    forwarders,
    login,
    certificates,
  ];
  return (await Promise.all(parts)).flat();
}

const toRows = (family: Family, source: string, findings: readonly (readonly [string, Finding])[]): Check[] =>
  findings.map(([subject, finding]) => rows(family, source)(subject, finding));

function checkManagementPlane({ credentials, now }: Live, clusters: readonly ClusterPlan[]): Promise<readonly Check[]> {
  if (clusters.length === 0) return Promise.resolve([]);
  return ask("cluster-api", "management plane", "kubectl", () => {
    const { managementPlane } = credentials.kubeconfigs;
    if (managementPlane === undefined) throw new Error("there is no kubeconfig with read-only rights for it");
    return withKubeApi(managementPlane, async (api) => {
      const found = await Promise.all(
        clusters.flatMap((cluster) => [checkClusterApi(cluster, api), checkKubeadmCertificates(cluster, api, now)]),
      );
      return found.flat();
    });
  });
}

/** kubeadm's certificates on the control plane's machines; Cluster API reads their end from the machines. */
function checkKubeadmCertificates(cluster: ClusterPlan, api: KubeApi, now: Date): Promise<readonly Check[]> {
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

async function viewCluster({ site, plan, credentials }: Live, cluster: ClusterPlan): Promise<ClusterView> {
  let services: readonly LoadBalancer[] = [];
  let speaking: ReadonlyMap<string, string> = new Map();
  const source = (kinds: string) => `${cluster.name}: kubectl get ${kinds} --all-namespaces`;
  const checks = await ask("node", cluster.name, `${cluster.name}: kubectl`, () => {
    const kubeconfig = credentials.kubeconfigs.clusters[cluster.name];
    if (kubeconfig === undefined) throw new Error("there is no kubeconfig with read-only rights for it");
    return withKubeApi(kubeconfig, async (api) => {
      const workloads = await api.list(workloadKinds);
      const nodes = toRows("node", source(workloadKinds), judgeNodes(cluster, workloads));
      const ciliumRows = await ask("cilium", cluster.name, source(ciliumKinds), async () => {
        const own = await api.list(ciliumKinds);
        const all: readonly KubeObject[] = [...workloads, ...own];
        services = loadBalancers(all);
        speaking = speakers(all);
        return [
          ...toRows("cilium", source(`${workloadKinds},${ciliumKinds}`), judgeCilium(site, cluster, workloads, own)),
          ...toRows("session", source("ciliumbgpnodeconfigs.cilium.io"), judgeNodeSessions(plan, cluster, all)),
          ...judgeServices(cluster, services),
        ];
      });
      return [...nodes, ...ciliumRows];
    });
  });
  return { checks, services, speakers: speaking };
}

/** A cluster announces at least its own DNS; without it nothing would be compared with the routers, and all would look well. */
function judgeServices(cluster: ClusterPlan, services: readonly LoadBalancer[]): Check[] {
  const dns = services.find(({ address }) => address === cluster.dnsAddress);
  return toRows("route", `${cluster.name}: kubectl get services --all-namespaces`, [
    [
      `${cluster.name}: LoadBalancer services`,
      findingOf(`${services.length}, DNS at ${cluster.dnsAddress}`, [
        dns === undefined && `no service has ${cluster.dnsAddress}, the address of the cluster's DNS`,
      ]),
    ],
  ]);
}

function checkRouter(
  { site, plan, credentials }: Live,
  host: HostPlan,
  services: ReadonlyMap<string, readonly LoadBalancer[]>,
  speaking: ReadonlyMap<string, string>,
): Promise<readonly Check[]> {
  const questions = routerQuestions(plan.bgp);
  const source = (question: RouterQuestion) => `${host.name}: vtysh -c "${questions[question] ?? ""}"`;
  return ask("session", host.name, `${host.name}: SSH`, () =>
    withSsh(site, plan, credentials, hostTarget(credentials, host), async (run) => {
      const answer = (question: RouterQuestion) => run(questions[question] ?? "");
      const sessions = await ask("session", host.name, source("summary"), async () =>
        toRows("session", source("summary"), judgeRouterSessions(plan, host.name, speaking, await answer("summary"))),
      );
      const routes = await ask("route", host.name, source("table"), async () => {
        const answers = {
          table: await answer("table"),
          kernel: await answer("kernel"),
          ...(questions.advertised === undefined ? {} : { advertised: await answer("advertised") }),
        };
        return toRows("route", source("table"), judgeRoutes(plan, host.name, services, answers));
      });
      return [...sessions, ...routes];
    }),
  );
}

async function checkCertificates(
  { site, plan, credentials, now }: Live,
  clusters: readonly ClusterPlan[],
): Promise<readonly Check[]> {
  const apiOf = (kubeconfig: string): Endpoint => {
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
            (cluster) => [`API server of ${cluster.name}`, () => apiOf(kubeconfigs[cluster.name] ?? "")] as const,
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

/** What this list cannot hold, so that nobody takes its silence for health. */
export function unseen({ plan: { bgp, vlan }, site, credentials }: Live): readonly string[] {
  return [
    bgp.upstream.kind === "bgp"
      ? `gw (${vlan.gateway}): its own routing table; the routers say what they announce to it`
      : `gw (${vlan.gateway}): its static routes to ${bgp.upstream.sharedAddress}`,
    ...(credentials.directory === undefined
      ? ["Active Directory: its configured forwarders, for lack of an account; their answers are seen"]
      : []),
    "Active Directory: certificates of its LDAPS, which auth alone reaches; a login shows them",
    "nodes: certificates of their kubelets, which their API servers alone reach",
    ...(site.access.proxy === undefined
      ? []
      : ["API servers: remaining life of their certificates, behind access.proxy"]),
  ];
}
