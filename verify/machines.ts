/** The region's virtual machines, in vCenter's words. */
import { VcenterApi, type Reference } from "../components/preflight/vcenter-api";
import type { Site } from "../config/site";
import { isInside, spanOf, spanOfRange } from "../plan/cidr";
import type { ClusterPlan, HostPlan, RegionPlan } from "../plan/model";
import { ask, fail, findingOf, rows, type Check, type Finding } from "./check";
import type { Credentials } from "./credentials";

/** What is read of a machine. */
export interface MachineFacts {
  readonly powerState: string;
  readonly toolsRunningStatus?: string;
  readonly ipAddress?: string;
}

const describe = ({ powerState, ipAddress }: MachineFacts): string => `${powerState}, ${ipAddress ?? "no address"}`;

const running = ({ powerState, toolsRunningStatus }: MachineFacts) => [
  powerState !== "poweredOn" && `is ${powerState}`,
  toolsRunningStatus !== "guestToolsRunning" && `VMware Tools: ${toolsRunningStatus ?? "not reported"}`,
];

/** A fixed host's machine runs and has the host's address. */
export const judgeHost = (host: HostPlan, facts: MachineFacts | undefined): Finding =>
  facts === undefined
    ? fail("vCenter has no such machine, or the account may not see it")
    : findingOf(describe(facts), [
        ...running(facts),
        facts.ipAddress !== host.address && `has ${facts.ipAddress ?? "no address"}, not ${host.address}`,
      ]);

/** A node's machine runs and has an address of its cluster's slice. */
export function judgeNodeMachine(cluster: ClusterPlan, facts: MachineFacts): Finding {
  const { ipAddress } = facts;
  const inSlice =
    ipAddress !== undefined &&
    /^[\d.]+$/.test(ipAddress) &&
    cluster.nodeRanges.some((range) => isInside(spanOf(ipAddress), spanOfRange(range)));
  return findingOf(describe(facts), [
    ...running(facts),
    !inSlice && `${ipAddress ?? "no address"} is outside the slice of ${cluster.name}`,
  ]);
}

async function factsOf(api: VcenterApi, machine: Reference): Promise<MachineFacts> {
  const [runtime, guest] = await Promise.all([
    api.property<{ readonly powerState: string }>(machine, "runtime"),
    api.property<{ readonly toolsRunningStatus?: string; readonly ipAddress?: string } | undefined>(machine, "guest"),
  ]);
  return { powerState: runtime.powerState, toolsRunningStatus: guest?.toolsRunningStatus, ipAddress: guest?.ipAddress };
}

/** Every fixed host, and every machine in the folders of the deployed clusters. */
export function checkMachines(site: Site, plan: RegionPlan, { vcenter }: Credentials): Promise<readonly Check[]> {
  const source = `vCenter ${site.vcenter.server}: VirtualMachine.runtime, VirtualMachine.guest`;
  const row = rows("machine", source);
  return ask("machine", site.vcenter.server, source, async () => {
    const { api, content } = await VcenterApi.connect(site.vcenter);
    try {
      await api.login(content.sessionManager, vcenter.username, vcenter.password);
      const root = `/${site.vcenter.datacenter}/vm`;
      const find = async (inventoryPath: string) =>
        (await api.invoke<Reference | null | undefined>(content.searchIndex, "FindByInventoryPath", {
          inventoryPath,
        })) ?? undefined;
      const hosts = await Promise.all(
        plan.hosts.map(async (host) => {
          const machine = await find(`${root}/${plan.folder}/${host.vmName}`);
          return row(host.vmName, judgeHost(host, machine && (await factsOf(api, machine))));
        }),
      );
      const deployed = plan.clusters.filter(({ state }) => state === "deployed");
      const nodes = await Promise.all(
        deployed.map((cluster) =>
          ask("machine", `nodes of ${cluster.name}`, source, async () => {
            const folder = await find(`${root}/${cluster.folder}`);
            if (folder === undefined) throw new Error(`there is no VM folder ${cluster.folder}`);
            const children = (await api.property<readonly Reference[] | undefined>(folder, "childEntity")) ?? [];
            const machines = children.filter(({ type }) => type === "VirtualMachine");
            return Promise.all(
              machines.map(async (machine) => {
                const name = await api.property<string>(machine, "name");
                return row(name, judgeNodeMachine(cluster, await factsOf(api, machine)));
              }),
            );
          }),
        ),
      );
      return [...hosts, ...nodes.flat()];
    } finally {
      await api.close(content.sessionManager);
    }
  });
}
