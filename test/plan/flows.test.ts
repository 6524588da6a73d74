import { parseSiteFiles } from "../../config/site-files";
import type { Site } from "../../config/site";
import type { RegionPlan, Sites } from "../../plan/model";
import { planRegion } from "../../plan/plan";
import { nodePorts } from "../../plan/ports";
import { asFiles, set, soundSites, type Values } from "./sound-sites";

let values: Values;
beforeAll(async () => {
  values = await soundSites();
});

function plan(site: string, changes: readonly (readonly [path: string, value: unknown])[] = []): RegionPlan {
  const changed = structuredClone(values);
  for (const [path, value] of changes) set(changed, site, path, value);
  return planRegion(parseSiteFiles(asFiles(changed)).drafts as Readonly<Record<string, Site>> as Sites, site);
}

/** Is there an opening from an address of one party to one of another? */
const opens = (region: RegionPlan, from: string, to: string, protocol: string, port?: number): boolean =>
  region.flows.some(
    (flow) =>
      flow.from.name === from &&
      flow.to.name === to &&
      (flow.protocol === protocol || flow.protocol === "any") &&
      (port === undefined || flow.ports.length === 0 || flow.ports.some((range) => holds(range, port))),
  );

const holds = (range: number | readonly [number, number], port: number): boolean =>
  typeof range === "number" ? range === port : range[0] <= port && port <= range[1];

test("the node matrix is exactly the documented one", () => {
  const listed = nodePorts.map(({ listener, protocol, ports }) => `${listener} ${protocol} ${JSON.stringify(ports)}`);
  expect(listed.sort()).toEqual(
    [
      "controlPlane tcp [6443]",
      "controlPlane tcp [[2379,2380]]",
      "node tcp [10250]",
      "controlPlane tcp [10257]",
      "controlPlane tcp [10259]",
      "worker tcp [10256]",
      "worker tcp [[30000,32767]]",
      "node tcp [4240]",
      "node tcp [4244]",
      "node udp [8472,8223]",
      "node udp [6081]",
      "node udp [51871]",
      "node tcp [2379]",
      "node icmp []",
    ].sort(),
  );
});

test("no rule of the firewall names less than the whole range of nodes", () => {
  const region = plan("siziano");
  const nodes = /^172\.20\.10\.(1\d\d|2[0-4]\d)\b/;
  for (const rule of region.firewall) {
    for (const address of [...rule.source, ...rule.destination].filter((each) => nodes.test(each))) {
      expect(address).toBe("172.20.10.100-172.20.10.249");
    }
  }
});

test("every rule crosses gw, and every flow that crosses gw has a rule", () => {
  const region = plan("siziano");
  const crossing = region.flows.filter((flow) => flow.from.inVlan !== flow.to.inVlan).map((flow) => flow.id);
  expect(region.firewall.flatMap((rule) => rule.id.split("+")).sort()).toEqual(crossing.sort());
});

test("flows that open the same share one row", () => {
  const row = plan("siziano").firewall.find((rule) => rule.id.includes("administrators-jump-ssh"));
  expect(row).toMatchObject({
    id: "administrators-jump-ssh+deployers-jump-ssh",
    sourceName: "administrators, deployers",
  });
});

test("`up` reaches jump's SSH and the API servers, the hosts where the site says direct, and no API server past a proxy", () => {
  const viaJump = plan("siziano");
  const reachable = (region: RegionPlan) =>
    region.flows.filter((flow) => flow.from.name === "deployers").map((flow) => flow.to.name);
  expect(reachable(viaJump)).toEqual(["capi", "API VIPs", "jump"]);
  expect(opens(viaJump, "jump", "API VIPs", "tcp", 6443)).toBe(false);
  const proxied = plan("siziano", [["access.proxy", "socks5://127.0.0.1:1080"]]);
  expect(reachable(proxied)).toEqual(["jump"]);
  expect(opens(proxied, "jump", "API VIPs", "tcp", 6443)).toBe(true);
  const direct = plan("siziano", [["access.path", "direct"]]);
  expect(reachable(direct)).toEqual(["capi", "API VIPs", "jump", "fixed hosts but jump"]);
  expect(opens(direct, "jump", "fixed hosts but jump", "tcp", 22)).toBe(true);
});

test("jump reaches Active Directory's SSH only where `up` administers its DNS", () => {
  expect(opens(plan("siziano"), "jump", "Active Directory", "tcp", 22)).toBe(true);
  const manual = plan("siziano", [["activeDirectory.dns.administration", "manual"]]);
  expect(opens(manual, "jump", "Active Directory", "tcp", 22)).toBe(false);
});

test("dex reaches Active Directory on the port of its encryption, and on no other", () => {
  expect(opens(plan("siziano"), "auth", "Active Directory", "tcp", 636)).toBe(true);
  expect(opens(plan("siziano"), "auth", "Active Directory", "tcp", 389)).toBe(false);
  const startTls = plan("siziano", [["activeDirectory.ldap.encryption", "starttls"]]);
  expect(opens(startTls, "auth", "Active Directory", "tcp", 389)).toBe(true);
  expect(opens(startTls, "auth", "Active Directory", "tcp", 636)).toBe(false);
});

test("upstream BGP opens BGP and BFD both ways; upstream static opens VRRP between routers, which gw never sees", () => {
  const bgp = plan("siziano");
  for (const [from, to] of [
    ["gw", "BGP routers"],
    ["BGP routers", "gw"],
  ] as const) {
    expect(opens(bgp, from, to, "tcp", 179)).toBe(true);
    expect(opens(bgp, from, to, "udp", 3784)).toBe(true);
  }
  const fixed = plan("dr");
  expect(opens(fixed, "BGP routers", "BGP routers", "vrrp")).toBe(true);
  expect(fixed.firewall.some((rule) => rule.sourceName === "gw" || rule.destinationName === "gw")).toBe(false);
});

test("hosts reach mirrors on the ports of their URLs, and the internet only where a mirror is missing", () => {
  const mirrored = plan("siziano", [["mirrors.files", "https://mirror.simplebooking.local:8443/files"]]);
  expect(mirrored.flows.find(({ id }) => id === "hosts-mirrors")?.ports).toEqual([80, 8443]);
  expect(opens(mirrored, "fixed hosts", "internet", "tcp")).toBe(false);
  const without = plan("siziano", [["mirrors", {}]]);
  expect(opens(without, "fixed hosts", "internet", "tcp", 443)).toBe(true);
  expect(without.flows.some(({ id }) => id === "hosts-mirrors")).toBe(false);
  const plain = [
    ["vcenter.templates.host.kind", "plain"],
    ["programs.dex", { url: "https://elsewhere.example.org/dex.tar.gz", sha256: "0".repeat(64) }],
  ] as const;
  expect(opens(plan("siziano", plain), "fixed hosts", "internet", "tcp", 443)).toBe(true);
});

test("a registry's mirror replaces the internet for Cluster API", () => {
  const mirrored = plan("siziano", [["mirrors.registry", { url: "https://registry.simplebooking.local:5000" }]]);
  expect(opens(mirrored, "capi", "mirrors", "tcp", 5000)).toBe(true);
  expect(opens(mirrored, "capi", "internet", "tcp", 443)).toBe(false);
});

test("nodes of another region are let in only where a mesh crosses regions, and on the mesh's ports only", () => {
  const meshed = plan("siziano");
  expect(opens(meshed, "nodes of dr", "nodes", "udp", 51871)).toBe(true);
  expect(opens(meshed, "nodes", "nodes of dr", "tcp", 4240)).toBe(true);
  expect(opens(meshed, "nodes of dr", "nodes", "tcp", 10250)).toBe(false);
  const alone = plan("siziano", [["clusters.management.meshWith", []]]);
  expect(alone.flows.some(({ from, to }) => /of dr/.test(from.name + to.name))).toBe(false);
});

test("tunnels are open only where the site falls back to one", () => {
  expect(opens(plan("siziano"), "nodes", "nodes", "udp", 8472)).toBe(false);
  expect(opens(plan("siziano", [["cilium.routing", "vxlan"]]), "nodes", "nodes", "udp", 8472)).toBe(true);
});

test("the internet is no part of the intranet", () => {
  const internet = plan("siziano").flows.find(({ id }) => id === "nodes-internet")?.to.addresses ?? [];
  const inside = (address: string) =>
    internet.some((range) => {
      const [first = "", last = ""] = range.split("-");
      const value = (text: string) => text.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
      return value(first) <= value(address) && value(address) <= value(last);
    });
  expect(["10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.0", "127.0.0.1"].some(inside)).toBe(
    false,
  );
  expect(
    ["1.1.1.1", "9.9.9.9", "11.0.0.0", "172.15.0.1", "172.32.0.0", "192.169.0.0", "198.51.100.10"].every(inside),
  ).toBe(true);
});

test("nothing but nodes may be pinged", () => {
  for (const flow of plan("siziano").flows.filter(({ protocol }) => protocol === "icmp")) {
    expect(flow.to.name).toMatch(/^nodes/);
    expect(flow.from.name).toMatch(/^nodes/);
  }
});
