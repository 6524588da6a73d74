import { parseSiteFiles } from "../../config/site-files";
import type { Sites } from "../../plan/model";
import { planRegion } from "../../plan/plan";
import { asFiles, faultsOf, set, soundSites, type Values } from "./sound-sites";

let values: Values;
beforeAll(async () => {
  values = await soundSites();
});

const plan = () => planRegion(parseSiteFiles(asFiles(values)).drafts as Sites, "siziano");

test("what is derived may be said otherwise, and the rest follows it", () => {
  const before = plan();
  set(values, "siziano", "hostZone", "cmp.example.org");
  set(values, "siziano", "vcenter.folder", "teams/kubernetes");
  set(values, "siziano", "hosts.jump.vmName", "bastion");
  set(values, "siziano", "hosts.bgp[0].routerId", "10.255.0.1");
  set(values, "siziano", "hosts.bgp[0].vrrpPriority", 120);
  set(values, "siziano", "versions.cilium", "1.19.4");
  set(values, "siziano", "clusters.workloads.maximumPrefixes", 220);
  set(values, "siziano", "clusters.workloads.mtu", 1450);
  set(values, "siziano", "clusters.workloads.zone", "workloads.example.org");
  set(values, "siziano", "clusters.workloads.apiName", "api.workloads-api.example.org");
  set(values, "siziano", "clusters.workloads.meshName", "workloads-1");
  expect(faultsOf(values)).toEqual([]);
  const after = plan();

  expect(after.login.issuer).toBe("https://auth.cmp.example.org");
  expect(after.folder).toBe("teams/kubernetes");
  expect(after.hosts[0]).toMatchObject({ name: "jump", vmName: "bastion", fqdn: "jump.cmp.example.org" });
  expect(after.bgp.routers[0]).toMatchObject({ routerId: "10.255.0.1", vrrpPriority: 120, address: "172.20.10.21" });
  expect(after.bgp.routers[1]).toEqual(before.bgp.routers[1]);
  expect(after.versions).toEqual({ ...before.versions, cilium: "1.19.4" });
  expect(after.bgp.groups.find(({ cluster }) => cluster === "workloads")?.maximumPrefixes).toBe(220);
  expect(after.clusters.find(({ name }) => name === "workloads")).toMatchObject({
    mtu: 1450,
    podMtu: 1370,
    zone: "workloads.example.org",
    apiName: "api.workloads-api.example.org",
    meshName: "workloads-1",
  });
  expect(after.dns.forwarders).toContainEqual({ zone: "workloads.example.org", address: "172.21.11.10" });
  expect(after.dns.records).toContainEqual({ name: "api.workloads-api.example.org", type: "A", value: "172.20.10.42" });
  expect(after.firewall).toEqual(before.firewall);
});
