/** Every kind of traffic that a region needs: who may reach whom, on which service, and why. */
import type { Site } from "../config/site";
import { meshedSites } from "./clusters";
import type { Flow, Party, Sites } from "./model";
import type { Parties } from "./parties";
import { outside, remoteNodes } from "./parties";
import type { PortRange, Service } from "./ports";
import { nodePorts, services } from "./ports";
import { siteOf } from "./sites";

/** Flows with an empty side (no syslog server, no cluster yet) are left out: they would open nothing. */
export function planFlows(sites: Sites, siteName: string, parties: Parties): Flow[] {
  const site = siteOf(sites, siteName);
  return [
    ...accessFlows(site, parties),
    ...loginFlows(site, parties),
    ...balancerFlows(site, parties),
    ...infrastructureFlows(site, parties),
    ...deploymentFlows(site, parties),
    ...nodeFlows(sites, siteName, parties),
  ].filter((flow) => flow.from.addresses.length > 0 && flow.to.addresses.length > 0);
}

function flow(id: string, from: Party, to: Party, service: Service, why: string): Flow {
  return { id, from, to, protocol: service.protocol, ports: service.ports, why };
}

/** SSH of the domain controllers, on the port that the site file names. */
const dnsSsh = ({ activeDirectory: { dns } }: Site): Service =>
  dns.ssh === undefined ? services.ssh : { ...services.ssh, ports: [dns.ssh.port] };

/** SSH and the API servers, for people and for `up`. */
function accessFlows(site: Site, p: Parties): Flow[] {
  const forUp = (from: Party, name: string): Flow[] => [
    flow(`${name}-hosts-ssh`, from, p.hostsBehindJump, services.ssh, "changes to the fixed hosts"),
    ...(site.activeDirectory.dns.administration === "manual" || !from.inVlan
      ? []
      : [flow(`${name}-ad-ssh`, from, p.activeDirectory, dnsSsh(site), "administration of AD's DNS, for `up`")]),
  ];
  const toApis = (from: Party, name: string): Flow[] => [
    flow(`${name}-capi-api`, from, p.capi, services.kubernetesApi, "Cluster API's API server, for `up`"),
    flow(`${name}-apis`, from, p.apiVips, services.kubernetesApi, "the clusters' API servers, for `up`"),
  ];
  return [
    // A proxy is a tunnel through the jump host; without one gw lets `up` through.
    ...(site.access.proxy === undefined ? toApis(p.deployers, "deployers") : toApis(p.jump, "jump")),
    flow("administrators-jump-ssh", p.administrators, p.jump, services.ssh, "administrators enter through jump"),
    flow("deployers-jump-ssh", p.deployers, p.jump, services.ssh, "`up` enters through jump, or changes it"),
    ...(site.access.path === "direct" ? forUp(p.deployers, "deployers") : forUp(p.jump, "jump")),
    ...(site.access.path === "direct"
      ? [flow("jump-hosts-ssh", p.jump, p.hostsBehindJump, services.ssh, "administrators reach the hosts")]
      : []),
    flow("jump-nodes-ssh", p.jump, p.nodes, services.ssh, "administrators reach the nodes"),
  ];
}

/** The kubectl login: users, dex, Active Directory, API servers. */
function loginFlows(site: Site, p: Parties): Flow[] {
  const ldap = site.activeDirectory.ldap.encryption === "ldaps" ? services.ldaps : services.ldapStartTls;
  const certificate = site.hosts.auth.certificate;
  const acme =
    certificate.kind === "acme"
      ? [
          flow("acme-auth-https", p.acme, p.auth, services.https, "validation of auth's certificate (tls-alpn-01)"),
          flow("auth-acme", p.auth, p.acme, serviceOfUrl(certificate.directory), "auth renews its certificate"),
        ]
      : [];
  return [
    flow("users-auth-https", p.users, p.auth, services.https, "kubectl login with Active Directory"),
    flow("users-apis", p.users, p.apiVips, services.kubernetesApi, "kubectl"),
    flow("nodes-auth-https", p.nodes, p.auth, services.https, "API servers read dex's OIDC discovery and keys"),
    flow("auth-ad-ldap", p.auth, p.activeDirectory, ldap, "dex asks Active Directory, always encrypted"),
    ...acme,
  ];
}

/** North/south: BGP between gw, routers and nodes, and what travels on the routes. */
function balancerFlows(site: Site, p: Parties): Flow[] {
  const upstream =
    site.bgp.upstream.kind === "bgp"
      ? [
          flow("gw-routers-bgp", p.gateway, p.routers, services.bgp, "routes to the balancers"),
          flow("routers-gw-bgp", p.routers, p.gateway, services.bgp, "routes to the balancers"),
          flow("gw-routers-bfd", p.gateway, p.routers, services.bfd, "a dead router is noticed within a second"),
          flow("routers-gw-bfd", p.routers, p.gateway, services.bfd, "a dead gw is noticed within a second"),
        ]
      : [flow("routers-routers-vrrp", p.routers, p.routers, services.vrrp, "the routers share one address")];
  return [
    flow("clients-balancers", p.balancerClients, p.balancers, services.any, "services; each one's rules are Cilium's"),
    flow("ad-cluster-dns-tcp", p.activeDirectory, p.clusterDns, services.dnsTcp, "forwarded questions"),
    flow("ad-cluster-dns-udp", p.activeDirectory, p.clusterDns, services.dnsUdp, "forwarded questions"),
    flow("nodes-routers-bgp", p.nodes, p.routers, services.bgp, "nodes advertise their LoadBalancer addresses"),
    ...upstream,
  ];
}

/** Names, time, logs. */
function infrastructureFlows(site: Site, p: Parties): Flow[] {
  return [
    ...[p.hosts, p.nodes].flatMap((from) => {
      const name = from === p.hosts ? "hosts" : "nodes";
      return [
        flow(`${name}-ad-dns-tcp`, from, p.activeDirectory, services.dnsTcp, "names"),
        flow(`${name}-ad-dns-udp`, from, p.activeDirectory, services.dnsUdp, "names"),
        flow(`${name}-ntp`, from, p.timeServers, services.ntp, "time"),
      ];
    }),
    ...site.syslog.map((server) =>
      flow(
        `hosts-syslog-${server.address}-${server.protocol}-${server.port}`,
        p.hosts,
        outside("syslog", [server.address]),
        { protocol: server.protocol, ports: [server.port] },
        "logs",
      ),
    ),
  ];
}

/** Packages, images, and Cluster API's work. */
function deploymentFlows(site: Site, p: Parties): Flow[] {
  const { debian, debianSecurity, files, registry } = site.mirrors;
  const urls = [debian, debianSecurity, files].filter((url) => url !== undefined);
  const fetched = site.vcenter.templates.host.kind === "plain" ? Object.values(site.programs) : [];
  const complete =
    debian !== undefined &&
    debianSecurity !== undefined &&
    fetched.every((program) => files !== undefined && program?.url.startsWith(files) === true);
  const registryService = registry === undefined ? undefined : serviceOfUrl(registry.url);
  return [
    ...(urls.length === 0
      ? []
      : [flow("hosts-mirrors", p.hosts, p.mirrors, unionOf(urls.map(serviceOfUrl)), "packages and programs")]),
    ...(complete
      ? []
      : [flow("hosts-internet", p.hosts, p.internet, services.web, "packages and programs that no mirror holds")]),
    ...(registryService === undefined
      ? [flow("capi-internet-images", p.capi, p.internet, services.https, "container images")]
      : [
          flow("capi-registry", p.capi, p.mirrors, registryService, "container images"),
          flow("nodes-registry", p.nodes, p.mirrors, registryService, "container images"),
        ]),
    ...backupFlows(site, p),
    flow("capi-vcenter", p.capi, p.vcenter, services.https, "Cluster API clones and deletes nodes"),
    flow("capi-apis", p.capi, p.apiVips, services.kubernetesApi, "Cluster API watches the clusters"),
  ];
}

/** Snapshots leave the region from one machine only. */
function backupFlows({ backups }: Site, p: Parties): Flow[] {
  if (backups.kind === "none") return [];
  const service: Service =
    backups.kind === "ssh" ? { ...services.ssh, ports: [backups.port] } : serviceOfUrl(backups.url);
  return [flow("capi-backups", p.capi, p.backups, service, "snapshots of etcd, encrypted")];
}

/** The nodes among themselves, across regions, and northwards. */
function nodeFlows(sites: Sites, siteName: string, p: Parties): Flow[] {
  const { cilium, clusters } = siteOf(sites, siteName);
  const open = nodePorts.filter((entry) => entry.routing === "native" || entry.routing === cilium.routing);
  const meshed = meshedSites(siteName, Object.values(clusters));
  return [
    ...open.map((entry) => flow(`nodes-nodes-${entry.id}`, p.nodes, p.nodes, entry, entry.why)),
    ...meshed.flatMap((other) => {
      const remote = remoteNodes(sites, other);
      return open
        .filter((entry) => entry.reach === "mesh")
        .flatMap((entry) => [
          flow(`mesh-${other}-in-${entry.id}`, remote, p.nodes, entry, `Cluster Mesh: ${entry.why}`),
          flow(`mesh-${other}-out-${entry.id}`, p.nodes, remote, entry, `Cluster Mesh: ${entry.why}`),
        ]);
    }),
    flow("nodes-apis", p.nodes, p.apiVips, services.kubernetesApi, "kubelets and controllers reach their API server"),
    flow("nodes-vcenter", p.nodes, p.vcenter, services.https, "vSphere's cloud and storage controllers"),
    flow("nodes-intranet", p.nodes, p.intranet, services.any, "intranet services that workloads consume"),
    flow("nodes-internet", p.nodes, p.internet, services.any, "egress of workloads; Cilium's policies regulate it"),
  ];
}

const standardPorts: Readonly<Record<string, number>> = { "http:": 80, "https:": 443 };

function serviceOfUrl(text: string): Service {
  const url = new URL(text);
  const port = url.port === "" ? standardPorts[url.protocol] : Number(url.port);
  if (port === undefined) throw new Error(`${text}: neither http nor https`);
  return { protocol: "tcp", ports: [port] };
}

const unionOf = (all: readonly Service[]): Service => ({
  protocol: "tcp",
  ports: [...new Set(all.flatMap((service): readonly PortRange[] => service.ports))].sort(
    (a, b) => Number(a) - Number(b),
  ),
});
