/** A cluster's name server: its objects read by a real API server, its configuration by the real CoreDNS on top of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { upstreamFolder } from "../../lab/images/layer";
import { nameServer, ports } from "../../render/cluster-dns/corefile";
import { askers } from "../../render/cluster-dns/network-policy";
import { clusterDnsObjects } from "../../render/cluster-dns/objects";
import { podAddress, startClusterDns, type RunningDns } from "../support/cluster-dns";
import { exampleCluster } from "../support/example-cluster";
import { type ApiObject, type KubeApi, startKubeApi } from "../support/kube-api";

jest.setTimeout(180_000);

const { plan, cluster } = exampleCluster();
const { zone } = cluster;
const rendered = clusterDnsObjects(plan, cluster);
const object = (apiVersion: string, kind: string, fields: object): ApiObject =>
  ({ apiVersion, kind, ...fields }) as ApiObject;
const objects = {
  namespace: object("v1", "Namespace", rendered.namespace),
  account: object("v1", "ServiceAccount", rendered.serviceAccount),
  role: object("rbac.authorization.k8s.io/v1", "ClusterRole", rendered.role),
  binding: object("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", rendered.roleBinding),
  configuration: object("v1", "ConfigMap", rendered.configuration),
  policy: object("cilium.io/v2", "CiliumNetworkPolicy", rendered.policy),
  deployment: object("apps/v1", "Deployment", rendered.deployment),
  budget: object("policy/v1", "PodDisruptionBudget", rendered.disruptionBudget),
  service: object("v1", "Service", rendered.service),
};

const service = (namespace: string, name: string, spec: object): ApiObject =>
  object("v1", "Service", { metadata: { name, namespace }, spec: { ports: [{ name: "http", port: 80 }], ...spec } });
const slice = (namespace: string, name: string, endpoints: object[], endpointPorts: object[]): ApiObject =>
  object("discovery.k8s.io/v1", "EndpointSlice", {
    metadata: { name: `${name}-1`, namespace, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints,
    ports: endpointPorts,
  });
const ui = service("argocd", "ui", { type: "LoadBalancer" });
const ready = { conditions: { ready: true } };
const others = [
  ui,
  service("argocd", "pending", { type: "LoadBalancer" }),
  service("argocd", "internal", {}),
  service("data", "db", { clusterIP: "None" }),
  slice(
    "data",
    "db",
    [
      { addresses: ["10.64.2.2"], hostname: "db-0", ...ready },
      { addresses: ["10.64.3.3"], hostname: "db-1", ...ready },
      { addresses: ["10.64.4.4"], hostname: "db-2", conditions: { ready: false } },
    ],
    [{ name: "http", port: 80, protocol: "TCP" }],
  ),
  slice(
    "cluster-dns",
    "dns",
    [{ addresses: [podAddress], ...ready }],
    [{ name: "dns", port: ports.dns, protocol: "UDP" }],
  ),
];
const addressed = (address: string) => ({ loadBalancer: { ingress: [{ ip: address }] } });

let api: KubeApi;
let dns: RunningDns;
const applied = new Map<string, Awaited<ReturnType<KubeApi["apply"]>>>();

beforeAll(async () => {
  const cilium = await upstreamFolder({ toolchain: "cilium", goModule: "github.com/cilium/cilium" });
  const crd = join(cilium, "pkg/k8s/apis/cilium.io/client/crds/v2/ciliumnetworkpolicies.yaml");
  api = await startKubeApi({ crds: [readFileSync(crd, "utf8")] });
  for (const [name, each] of Object.entries(objects)) applied.set(name, await api.apply(each));
  for (const each of others) {
    const { status, body } = await api.apply(each);
    if (status >= 300) throw new Error(`${each.kind} ${each.metadata.name}: ${body.message}`);
  }
  await api.setStatus(objects.service, addressed(cluster.dnsAddress));
  await api.setStatus(ui, addressed("172.21.10.100"));
  const path = "/api/v1/namespaces/cluster-dns/serviceaccounts/cluster-dns/token";
  const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
  const { status, body } = await api.request("POST", path, request);
  if (status !== 201) throw new Error(`token of the service account: ${body.message}`);
  const { token } = body.status as { token: string };
  dns = await startClusterDns(api, token, rendered.configuration.data.Corefile);
}, 600_000);

afterAll(async () => {
  await dns?.stop();
  await api?.stop();
});

test.each(Object.keys(objects))("the API server takes the %s as it is, without a warning", (name) => {
  const answer = applied.get(name);
  expect([answer?.status, answer?.body.message, answer?.warnings]).toEqual([201, undefined, []]);
});

test("the namespace refuses pods that would have more rights", async () => {
  const { deployment } = structuredClone({ deployment: rendered.deployment });
  Object.assign(deployment.spec.template.spec.containers[0].securityContext, { allowPrivilegeEscalation: true });
  const { warnings } = await api.apply(object("apps/v1", "Deployment", deployment), { dryRun: true });
  expect(warnings.join()).toContain("restricted");
});

test("asked are the networks of Active Directory and of the balancers' clients, nobody else", () => {
  expect(askers(plan, cluster)).toEqual(["192.168.10.0/24", "192.168.10.11/32", "192.168.10.12/32", "192.168.20.0/24"]);
});

const status = (answer: string) => /status: (\w+)/.exec(answer)?.[1];
const flags = (answer: string) => /;; flags: ([^;]*);/.exec(answer)?.[1].split(" ");
/** Records of a section as dig prints them, one space between fields. */
const section = (answer: string, name: "ANSWER" | "AUTHORITY" | "ADDITIONAL") =>
  (answer.split(`;; ${name} SECTION:\n`)[1]?.split("\n\n")[0] ?? "")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/\s+/g, " "));

describe("CoreDNS answers", () => {
  test("the address of a LoadBalancer service, with authority", async () => {
    const answer = await dns.dig(`ui.argocd.${zone}`, "A");
    expect(section(answer, "ANSWER")).toEqual([`ui.argocd.${zone}. 30 IN A 172.21.10.100`]);
    expect(flags(answer)).toContain("aa");
    expect(flags(answer)).not.toContain("ra");
  });

  test("whatever case the question is in", async () => {
    const answer = await dns.dig(`UI.ArgoCD.${zone.toUpperCase()}`, "A");
    expect(section(answer, "ANSWER")[0]).toContain("172.21.10.100");
  });

  test("over TCP, too", async () => {
    expect(section(await dns.dig("+tcp", `ui.argocd.${zone}`, "A"), "ANSWER")[0]).toContain("172.21.10.100");
  });

  test("EDNS with a size that no path breaks up", async () => {
    expect(await dns.dig("+bufsize=4096", `ui.argocd.${zone}`, "A")).toMatch(
      /EDNS: version: 0, flags:; udp: (1232|4096)/,
    );
    expect(status(await dns.dig("+edns=7", "+noednsneg", `ui.argocd.${zone}`, "A"))).toBe("BADVERS");
  });

  test("the zone's SOA and name server, whose address is .10", async () => {
    const soa = section(await dns.dig(zone, "SOA"), "ANSWER")[0];
    expect(soa).toMatch(
      new RegExp(`^${zone}\\. 30 IN SOA ${nameServer(zone)}\\. hostmaster\\.\\S+ \\d+ 7200 1800 86400 30$`),
    );
    const ns = await dns.dig(zone, "NS");
    expect(section(ns, "ANSWER")).toEqual([`${zone}. 30 IN NS ${nameServer(zone)}.`]);
    expect(section(ns, "ADDITIONAL")).toContain(`${nameServer(zone)}. 30 IN A ${cluster.dnsAddress}`);
    const address = await dns.dig(nameServer(zone), "A");
    expect(section(address, "ANSWER")).toEqual([`${nameServer(zone)}. 30 IN A ${cluster.dnsAddress}`]);
  });

  test("SRV records of a service's ports", async () => {
    const answer = await dns.dig(`_http._tcp.ui.argocd.${zone}`, "SRV");
    expect(section(answer, "ANSWER")).toEqual([`_http._tcp.ui.argocd.${zone}. 30 IN SRV 0 100 80 ui.argocd.${zone}.`]);
  });

  test("headless services with their ready pods, and each pod by its name", async () => {
    const answer = section(await dns.dig(`db.data.${zone}`, "A"), "ANSWER");
    expect(answer.sort()).toEqual([`db.data.${zone}. 30 IN A 10.64.2.2`, `db.data.${zone}. 30 IN A 10.64.3.3`]);
    expect(section(await dns.dig(`db-1.db.data.${zone}`, "A"), "ANSWER")[0]).toContain("10.64.3.3");
  });

  test("its own service by the name that it has like any other", async () => {
    expect(section(await dns.dig(`dns.cluster-dns.${zone}`, "A"), "ANSWER")).toEqual([
      `dns.cluster-dns.${zone}. 30 IN A ${cluster.dnsAddress}`,
    ]);
  });
});

describe("CoreDNS denies", () => {
  const negative = new RegExp(`^${zone}\\. 30 IN SOA .* 30$`);

  test.each([
    ["a service that is not there", `nobody.argocd.${zone}`],
    ["a namespace that is not there", `ui.nowhere.${zone}`],
    ["a service without an address of the balancers", `internal.argocd.${zone}`],
    ["a service that has no address yet", `pending.argocd.${zone}`],
    ["a pod that is not ready", `db-2.db.data.${zone}`],
  ])("%s: NXDOMAIN that is forgotten in half a minute", async (_, name) => {
    const answer = await dns.dig(name, "A");
    expect([status(answer), section(answer, "ANSWER")]).toEqual(["NXDOMAIN", []]);
    expect(section(answer, "AUTHORITY")[0]).toMatch(negative);
  });

  test.each([
    ["another type", `ui.argocd.${zone}`, "AAAA"],
    ["a namespace, which is a name with names below", `argocd.${zone}`, "A"],
    ["the zone itself", zone, "A"],
  ])("%s: no data, but the name is there", async (_, name, type) => {
    const answer = await dns.dig(name, type);
    expect([status(answer), section(answer, "ANSWER")]).toEqual(["NOERROR", []]);
    expect(section(answer, "AUTHORITY")[0]).toMatch(negative);
  });

  test.each([
    "www.example.org",
    "simplebooking.local",
    "kubernetes.default.svc.cluster.local",
    "1.0.64.10.in-addr.arpa",
  ])("%s is not its business: refused", async (name) => {
    expect(status(await dns.dig(name, "A"))).toBe("REFUSED");
  });

  test("transfers", async () => {
    const answer = await dns.dig("+tcp", zone, "AXFR");
    expect(answer).toContain("Transfer failed");
    expect(answer).not.toContain("ui.argocd");
    expect(await dns.dig("+tcp", zone, "IXFR=1")).toContain("Transfer failed");
  });

  test("to tell everything at once to whoever asks for ANY", async () => {
    expect(section(await dns.dig("+notcp", `ui.argocd.${zone}`, "ANY"), "ANSWER")).toEqual([
      `ui.argocd.${zone}. 8482 IN HINFO "ANY obsoleted" "See RFC 8482"`,
    ]);
  });
});

test("a service's address appears and goes with the service", async () => {
  const late = service("argocd", "late", { type: "LoadBalancer" });
  await api.apply(late);
  await api.setStatus(late, addressed("172.21.10.101"));
  await until(async () => (await dns.dig(`late.argocd.${zone}`, "A")).includes("172.21.10.101"));
  await api.request("DELETE", "/api/v1/namespaces/argocd/services/late");
  await until(async () => status(await dns.dig(`late.argocd.${zone}`, "A")) === "NXDOMAIN");
});

test("health, readiness and metrics are where the deployment looks for them", async () => {
  expect(await dns.page(ports.health, "/health")).toContain("OK");
  expect(await dns.page(ports.metrics, "/metrics")).toContain(`coredns_dns_requests_total{`);
});

test("the account has the rights that CoreDNS uses, and CoreDNS misses none", () => {
  expect(dns.log()).not.toMatch(/forbidden|Unauthorized|Failed to watch/i);
  expect(parse(JSON.stringify(rendered.role.rules))).toEqual([
    { apiGroups: [""], resources: ["services", "namespaces"], verbs: ["list", "watch"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: ["list", "watch"] },
  ]);
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; !(await holds());) {
    if (Date.now() > deadline) throw new Error("it did not come to be in half a minute");
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
