import { computeClusterFaults } from "../../../components/preflight/compute-cluster";
import { bytesFor, datastoreFaults } from "../../../components/preflight/datastore-room";
import { existingHosts, occupiedFaults } from "../../../components/preflight/occupied";
import type { Reference, ServiceContent, VcenterApi } from "../../../components/preflight/vcenter-api";
import { examplePlan } from "../../support/example-host";

const plan = examplePlan();
const gib = 1024 ** 3;

describe("the datastore", () => {
  const summary = { freeSpace: 1000 * gib, accessible: true, maintenanceMode: "normal", type: "VMFS" };
  const rules = (change: Partial<typeof summary>, directory?: string) =>
    datastoreFaults("ssd-1", { ...summary, ...change }, directory, plan.hosts).map((fault) => fault.rule);

  test("with room and in service has no fault", () => {
    expect(rules({})).toEqual([]);
  });

  test("needs room for disks, data disks and swap files, to the byte", () => {
    const capi = plan.hosts.filter((host) => host.role === "capi");
    const [{ size, dataDiskGiB = 0 }] = capi;
    expect(bytesFor(capi)).toBe((size.diskGiB + dataDiskGiB) * gib + size.memoryMiB * 1024 ** 2);
    expect(rules({ freeSpace: bytesFor(plan.hosts) })).toEqual([]);
    expect(rules({ freeSpace: bytesFor(plan.hosts) - 1 })).toEqual(["datastore-room"]);
  });

  test("must be in service", () => {
    expect(rules({ maintenanceMode: "inMaintenance" })).toEqual(["datastore-in-service"]);
    expect(rules({ accessible: false })).toEqual(["datastore-in-service"]);
  });

  test("of kind vSAN takes no file at its root", () => {
    expect(rules({ type: "vsan" })).toEqual(["datastore-root"]);
    expect(rules({ type: "vsan" }, "kubernetes")).toEqual([]);
  });
});

test("the compute cluster keeps routers apart with DRS and two hosts", () => {
  const rules = (enabled: boolean | undefined, hosts: number) =>
    computeClusterFaults("compute", { drsConfig: { enabled } }, hosts, 2).map((fault) => fault.rule);
  expect(rules(true, 2)).toEqual([]);
  expect(rules(false, 1)).toEqual(["cluster-drs", "cluster-hosts"]);
  expect(rules(undefined, 3)).toEqual(["cluster-drs"]);
});

describe("a planned address", () => {
  const jump = plan.hosts[0];
  const ours: Reference = { type: "Folder", value: "group-v1" };
  const holder: Reference = { type: "VirtualMachine", value: "vm-7" };
  const ask = (parent: Reference | undefined) => {
    const api = {
      invoke: async (_: Reference, method: string, { ip }: { ip: string }) =>
        method === "FindAllByIp" && ip === jump.address ? [holder] : undefined,
      property: async (_: Reference, name: string) => (name === "name" ? "stranger" : parent),
    } as unknown as VcenterApi;
    return occupiedFaults(api, {} as ServiceContent, { folder: ours, templates: [] }, plan);
  };

  test("that a machine of ours has is fine", async () => {
    expect(await ask(ours)).toEqual([]);
  });

  test.each([
    ["in another folder", { type: "Folder", value: "group-v2" }],
    ["in a vApp, which has no folder", undefined],
  ])("that a machine %s has is refused", async (_, parent) => {
    const faults = await ask(parent);
    expect(faults).toMatchObject([{ path: `hosts.${jump.name}.address`, rule: "address-taken" }]);
    expect(faults[0].problem).toContain("stranger");
  });
});

test("the machines that exist are those in the site's folder", async () => {
  const found = await existingHosts(
    async (path) =>
      path === `/dc/vm/${plan.folder}/${plan.hosts[1].vmName}` ? { type: "VirtualMachine", value: "vm-1" } : undefined,
    "dc",
    plan,
  );
  expect(found).toEqual([plan.hosts[1]]);
});
