/** The verdicts on what API servers, vCenter and name servers say: right once, then wrong in one thing each. */
import { planRegion } from "../../plan/plan";
import { judgeValidity } from "../../verify/validity";
import { ask, askOne, fail, pass, type Check, type Finding } from "../../verify/check";
import { judgeCilium } from "../../verify/cilium";
import { judgeClusterApi } from "../../verify/cluster-api";
import type { KubeObject } from "../../verify/kubernetes";
import { judgeHost, judgeNodeMachine } from "../../verify/machines";
import { judgeAnswer } from "../../verify/names";
import { judgeNodes } from "../../verify/nodes";
import { makeReport, renderReport } from "../../verify/report";
import { loadBalancers, speakers } from "../../verify/services";
import { judgeNodeSessions } from "../../verify/sessions";
import { exampleSites } from "../support/example-sites";

/** siziano with clusters of one control plane node and one worker, as a lab has them. */
const sites = exampleSites();
const plan = planRegion(
  {
    ...sites,
    siziano: {
      ...sites.siziano,
      clusters: Object.fromEntries(
        Object.entries(sites.siziano.clusters).map(([name, cluster]) => [
          name,
          {
            ...cluster,
            controlPlane: { ...cluster.controlPlane, replicas: 1 },
            workers: { general: { ...cluster.workers.general, replicas: 1, maximum: undefined } },
          },
        ]),
      ),
    },
  },
  "siziano",
);
const [cluster] = plan.clusters;
const [first, second] = plan.bgp.groups[0].nodes;

type Rows = readonly (readonly [string, Finding])[];
const failed = (rows: Rows): string[] =>
  rows.filter(([, { verdict }]) => verdict === "fail").map(([subject, { detail }]) => `${subject}: ${detail}`);

const ready = (status: string, reason = "") => [{ type: "Ready", status, reason, message: "" }];

function node(name: string, address: string, podCIDR: string): KubeObject {
  return {
    kind: "Node",
    metadata: { name },
    spec: { podCIDR, providerID: "vsphere://42" },
    status: {
      conditions: ready("True"),
      addresses: [
        { type: "Hostname", address: name },
        { type: "InternalIP", address },
      ],
      nodeInfo: { kubeletVersion: cluster.kubernetesVersion },
    },
  };
}

const nodes = [node("a", first, "10.64.0.0/24"), node("b", second, "10.64.1.0/24")];
const change = (object: KubeObject, part: "metadata" | "spec" | "status", value: object): KubeObject => ({
  ...object,
  [part]: { ...object[part], ...value },
});

describe("nodes", () => {
  test("as planned", () => expect(failed(judgeNodes(cluster, nodes))).toEqual([]));

  test.each<[string, readonly KubeObject[], string]>([
    ["none at all", [], "management: nodes: the cluster has no node"],
    ["too few", nodes.slice(0, 1), "management: nodes: there are 1, planned are 2 to 2"],
    [
      "not ready",
      [nodes[0], change(nodes[1], "status", { conditions: ready("False", "KubeletNotReady") })],
      "management: b: Ready is False, KubeletNotReady",
    ],
    [
      "outside the slice",
      [nodes[0], node("b", "172.20.10.99", "10.64.1.0/24")],
      "management: b: its address 172.20.10.99 is outside the slice",
    ],
    [
      "another cluster's pods",
      [nodes[0], node("b", second, "10.65.1.0/24")],
      "management: b: its podCIDR 10.65.1.0/24 is no /24 of 10.64.0.0/16",
    ],
    [
      "a range of another size",
      [nodes[0], node("b", second, "10.64.0.0/17")],
      "management: b: its podCIDR 10.64.0.0/17 is no /24 of 10.64.0.0/16",
    ],
    [
      "another version",
      [nodes[0], change(nodes[1], "status", { nodeInfo: { kubeletVersion: "v1.33.0" } })],
      "management: b: its kubelet is v1.33.0, planned is v1.34.2",
    ],
    [
      "no cloud provider",
      [nodes[0], change(nodes[1], "spec", { providerID: "" })],
      "management: b: has no provider id of vSphere",
    ],
    [
      "kube-proxy",
      [...nodes, { kind: "DaemonSet", metadata: { name: "kube-proxy" } }],
      "management: nodes: kube-proxy runs beside Cilium's replacement of it",
    ],
  ])("%s", (_, objects, fault) => expect(failed(judgeNodes(cluster, objects))).toEqual([fault]));
});

describe("Cilium", () => {
  const metadata = (name: string) => ({ name, namespace: "kube-system" });
  const agents: KubeObject = {
    kind: "DaemonSet",
    metadata: metadata("cilium"),
    status: { desiredNumberScheduled: 2, numberReady: 2, updatedNumberScheduled: 2 },
  };
  const operator: KubeObject = {
    kind: "Deployment",
    metadata: metadata("cilium-operator"),
    spec: { replicas: 1 },
    status: { readyReplicas: 1 },
  };
  const ciliumNode = (name: string, annotations = { "network.cilium.io/wg-pub-key": "key" }): KubeObject => ({
    kind: "CiliumNode",
    metadata: { name, annotations },
    spec: { ipam: { podCIDRs: ["10.64.0.0/24"] } },
  });
  const judge = (workloads: readonly KubeObject[], own: readonly KubeObject[]) =>
    failed(judgeCilium(sites.siziano, cluster, workloads, own));
  const all = [...nodes, agents, operator];
  const own = [ciliumNode("a"), ciliumNode("b")];

  test("as planned", () => expect(judge(all, own)).toEqual([]));
  test("an agent that is not ready, and one that is old", () => {
    expect(judge([...nodes, change(agents, "status", { numberReady: 1 }), operator], own)).toEqual([
      "management: agents: 1 of 2 agents ready",
    ]);
    expect(judge([...nodes, change(agents, "status", { updatedNumberScheduled: 0 }), operator], own)).toEqual([
      "management: agents: 0 of 2 agents up to date",
    ]);
  });
  test("an operator that somebody switched off", () =>
    expect(judge([...nodes, agents, { ...operator, spec: { replicas: 0 }, status: {} }], own)).toEqual([
      "management: operator: 0 of 0 ready",
    ]));
  test("no agents, no operator", () =>
    expect(judge(nodes, own)).toEqual([
      "management: agents: there is no daemon set cilium",
      "management: operator: there is no deployment cilium-operator",
    ]));
  test("a node without an agent, and one that does not encrypt", () =>
    expect(judge(all, [ciliumNode("a", {} as never)])).toEqual([
      "management: a: its agent published no WireGuard key",
      "management: b: no agent registered this node as a CiliumNode",
    ]));
});

describe("Cluster API", () => {
  const available = { conditions: [{ type: "Available", status: "True" }] };
  const object = (kind: string, name: string, spec: object, status: object): KubeObject => ({
    kind,
    metadata: { name, namespace: cluster.namespace },
    spec,
    status,
  });
  const replicas = { availableReplicas: 1, upToDateReplicas: 1, ...available };
  const version = cluster.kubernetesVersion;
  const machine = (name: string, address: string) =>
    object(
      "Machine",
      name,
      {},
      {
        phase: "Running",
        conditions: ready("True"),
        addresses: [{ type: "ExternalIP", address }],
      },
    );
  const braked = (status: string) => [{ type: "RemediationAllowed", status, reason: "TooMany", message: "2 of 3" }];
  const objects = {
    cluster: object("Cluster", "management", {}, { phase: "Provisioned", ...available }),
    controlPlane: object("KubeadmControlPlane", "management-control-plane", { replicas: 1, version }, replicas),
    workers: object(
      "MachineDeployment",
      "management-general",
      { replicas: 1, template: { spec: { version } } },
      replicas,
    ),
    health: object("MachineHealthCheck", "management-general", {}, { conditions: braked("True") }),
    a: machine("a", first),
    b: machine("b", second),
    claimA: object("IPAddressClaim", "a", {}, {}),
    claimB: object("IPAddressClaim", "b", {}, {}),
  };
  const judge = (changes: Partial<Record<keyof typeof objects, KubeObject | undefined>>) =>
    failed(
      judgeClusterApi(
        cluster,
        Object.values({ ...objects, ...changes }).filter((each) => each !== undefined),
      ),
    );

  test("as planned", () => expect(judge({})).toEqual([]));
  test("a namespace that is empty has failed in every row", () =>
    expect(failed(judgeClusterApi(cluster, []))).toHaveLength(5));
  test.each<[string, Partial<Record<keyof typeof objects, KubeObject | undefined>>, string]>([
    [
      "a cluster that is not available",
      {
        cluster: object(
          "Cluster",
          "management",
          {},
          {
            phase: "Provisioned",
            conditions: [{ type: "Available", status: "False", reason: "NotAvailable", message: "* Control\n  plane" }],
          },
        ),
      },
      "management: Cluster management: Available is False, NotAvailable, * Control plane",
    ],
    [
      "a control plane of another version",
      { controlPlane: change(objects.controlPlane, "spec", { version: "v1.33.0" }) },
      "management: KubeadmControlPlane management-control-plane: is v1.33.0, planned is v1.34.2",
    ],
    [
      "workers that roll",
      { workers: change(objects.workers, "status", { upToDateReplicas: 0 }) },
      "management: MachineDeployment management-general: 0 of 1 up to date",
    ],
    [
      "a machine that is being deleted",
      { b: change(objects.b, "status", { phase: "Deleting" }) },
      "management: Machine b: is Deleting",
    ],
    [
      "more unhealthy machines than may be replaced",
      { health: change(objects.health, "status", { conditions: braked("False") }) },
      "management: MachineHealthCheck management-general: RemediationAllowed is False, TooMany, 2 of 3",
    ],
    ["a claim that leaks", { b: undefined }, "management: IPAddressClaims: 2 claims for 1 machines"],
  ])("%s", (_, changes, fault) => expect(judge(changes)).toEqual([fault]));
});

describe("what the nodes announce", () => {
  const nodeConfig = (name: string, state: string): KubeObject => ({
    kind: "CiliumBGPNodeConfig",
    metadata: { name },
    status: {
      bgpInstances: [
        {
          name: "instance",
          peers: plan.bgp.routers.map(({ address }) => ({
            name: address,
            peerAddress: address,
            peeringState: state,
            establishedTime: "2026-11-21T15:00:00Z",
          })),
        },
      ],
    },
  });
  const configs = [nodeConfig("a", "established"), nodeConfig("b", "established")];
  const service = (policy: string): KubeObject => ({
    kind: "Service",
    metadata: { name: "dns", namespace: "cluster-dns" },
    spec: { type: "LoadBalancer", externalTrafficPolicy: policy },
    status: { loadBalancer: { ingress: [{ ip: cluster.dnsAddress }] } },
  });
  const slice: KubeObject = {
    kind: "EndpointSlice",
    metadata: { name: "dns-1", namespace: "cluster-dns", labels: { "kubernetes.io/service-name": "dns" } },
    endpoints: [
      { nodeName: "b", conditions: { ready: true } },
      { nodeName: "a", conditions: { ready: false } },
    ],
  };

  test("sessions with every router", () =>
    expect(failed(judgeNodeSessions(plan, cluster, [...nodes, ...configs]))).toEqual([]));
  test("a session that is not established, and one that nobody reports", () =>
    expect(
      failed(
        judgeNodeSessions(plan, cluster, [
          ...nodes,
          nodeConfig("a", "active"),
          { kind: "CiliumBGPNodeConfig", metadata: { name: "b" } },
        ]),
      ),
    ).toEqual([
      "management: a – bgp1: is active",
      "management: a – bgp2: is active",
      "management: b – bgp1: is not reported",
      "management: b – bgp2: is not reported",
    ]));
  test("nobody speaks BGP", () => expect(failed(judgeNodeSessions(plan, cluster, nodes))).toHaveLength(1));
  test("every speaking node announces a service, or only those with a ready endpoint", () => {
    expect(speakers([...nodes, ...configs])).toEqual(
      new Map([
        ["a", first],
        ["b", second],
      ]),
    );
    const all = [...nodes, ...configs, slice];
    expect(loadBalancers([...all, service("Cluster")])).toMatchObject([
      { address: cluster.dnsAddress, announcedBy: [first, second] },
    ]);
    expect(loadBalancers([...all, service("Local")])).toMatchObject([{ announcedBy: [second] }]);
    expect(loadBalancers([...all, change(service("Local"), "spec", { type: "ClusterIP" })])).toEqual([]);
  });
});

describe("machines", () => {
  const host = plan.hosts[0];
  const facts = { powerState: "poweredOn", toolsRunningStatus: "guestToolsRunning", ipAddress: host.address };
  test("as planned", () => expect(judgeHost(host, facts)).toEqual(pass(`poweredOn, ${host.address}`)));
  test.each([
    [{ powerState: "poweredOff" }, "is poweredOff"],
    [{ toolsRunningStatus: "guestToolsNotRunning" }, "VMware Tools: guestToolsNotRunning"],
    [{ ipAddress: "172.20.10.12" }, `has 172.20.10.12, not ${host.address}`],
    [{ ipAddress: undefined }, `has no address, not ${host.address}`],
  ])("%j", (wrong, fault) => expect(judgeHost(host, { ...facts, ...wrong })).toEqual(fail(fault)));
  test("one that is not there", () => expect(judgeHost(host, undefined).verdict).toBe("fail"));
  test("a node's address is of its cluster's slice, whatever else VMware Tools report", () => {
    expect(judgeNodeMachine(cluster, { ...facts, ipAddress: first }).verdict).toBe("pass");
    for (const ipAddress of [plan.clusters[1].nodeRanges[0].first, "fe80::1", undefined])
      expect(judgeNodeMachine(cluster, { ...facts, ipAddress }).verdict).toBe("fail");
  });
});

describe("certificates", () => {
  const day = 86_400_000;
  const now = new Date("2026-11-21T15:00:00Z");
  const validity = (lifetime: number, left: number) => ({
    subject: "auth",
    notBefore: new Date(now.getTime() + (left - lifetime) * day),
    notAfter: new Date(now.getTime() + left * day),
  });
  test.each([
    ["a year, half over", 365, 180, "pass"],
    ["a year, 15 days left", 365, 15, "pass"],
    ["a year, 13 days left", 365, 13, "fail"],
    ["half a day, 3 hours left", 0.5, 0.125, "pass"],
    ["half a day, one hour left", 0.5, 0.04, "fail"],
    ["expired", 365, -1, "fail"],
  ])("%s", (_, lifetime, left, verdict) => expect(judgeValidity(validity(lifetime, left), now).verdict).toBe(verdict));
  test("one that is not yet valid", () =>
    expect(judgeValidity({ ...validity(365, 300), notBefore: new Date(now.getTime() + day) }, now).verdict).toBe(
      "fail",
    ));
});

test("a name's answer is the one value, not one of several and not nothing", () => {
  expect(judgeAnswer("172.20.10.10", ["172.20.10.10"]).verdict).toBe("pass");
  for (const answers of [[], ["172.20.10.11"], ["172.20.10.10", "172.20.10.11"]])
    expect(judgeAnswer("172.20.10.10", answers).verdict).toBe("fail");
});

describe("silence", () => {
  test("an empty answer, and a source that does not answer, are failed rows", async () => {
    expect(await ask("node", "management", "kubectl", async () => [])).toMatchObject([
      {
        family: "node",
        subject: "management",
        source: "kubectl",
        verdict: "fail",
        detail: expect.stringContaining("empty"),
      },
    ]);
    const broken = await askOne("name", "jump A", "DNS", () => Promise.reject(new Error("queryA ETIMEOUT")));
    expect(broken).toEqual([
      { family: "name", subject: "jump A", source: "DNS", verdict: "fail", detail: "queryA ETIMEOUT" },
    ]);
  });
});

test("the report counts, sorts by family, and repeats what failed with its source at the end", () => {
  const check = (family: Check["family"], subject: string, finding: Finding): Check => ({
    family,
    subject,
    source: `source of ${family}`,
    ...finding,
  });
  const checks = [
    check("name", "jump A", fail("answers nothing")),
    check("machine", "siziano-jump", pass("poweredOn")),
  ];
  const report = makeReport("siziano", new Date("2026-11-21T15:00:00Z"), checks, ["gw: its own table"]);
  expect(report).toMatchObject({ version: 1, time: "2026-11-21T15:00:00.000Z", passed: 1, failed: 1 });
  expect(renderReport(report)).toBe(
    [
      "machine",
      "  – source of machine",
      "  ok    siziano-jump  poweredOn",
      "name",
      "  – source of name",
      "  FAIL  jump A        answers nothing",
      "not seen from here",
      "  gw: its own table",
      "",
      "name: jump A: answers nothing",
      "    said by source of name",
      "siziano: 1 passed, 1 failed",
      "",
    ].join("\n"),
  );
});
