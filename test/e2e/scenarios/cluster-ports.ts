import { addressAt } from "../../../plan/cidr";
import { ask, deployed, internalAddress, isControlPlane, type Items, nodesOf } from "../../support/cluster-nodes";
import { host, lab, progress } from "../../support/lab";
import { scan } from "../../support/lab-scan";
import { fixtureSide, hostSide, podSide, removePod, workerSide } from "../../support/lab-sides";
import { knockedPorts, plannedReach, type Side, type Target } from "../../support/region-reach";

/** Offset in a cluster's balancers that no service has. */
const nobodysOffset = 200;

interface Service {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly type: string; readonly ports: readonly { protocol: string; port: number }[] };
  readonly status: { readonly loadBalancer: { readonly ingress?: readonly { readonly ip: string }[] } };
}

async function targets(): Promise<readonly Target[]> {
  const { name, address } = host("capi");
  const ofClusters = deployed().map(async (cluster): Promise<Target[]> => {
    const nodes = await nodesOf(cluster);
    const { items } = await ask<Items<Service>>(cluster.name, "services", "--all-namespaces");
    const balanced = items.filter(({ spec }) => spec.type === "LoadBalancer");
    return [
      ...nodes.map((node) => ({
        name: node.metadata.name,
        address: internalAddress(node),
        cluster,
        listener: isControlPlane(node) ? ("controlPlane" as const) : ("worker" as const),
      })),
      { name: cluster.apiName, address: cluster.apiVip, cluster },
      ...balanced.flatMap(({ metadata, spec, status }) =>
        (status.loadBalancer.ingress ?? []).map(({ ip }) => ({
          name: `${metadata.name} of ${cluster.name}`,
          address: ip,
          cluster,
          offers: spec.ports.map(({ protocol, port }) => `${protocol.toLowerCase()}/${port}`),
        })),
      ),
      { name: `nobody in ${cluster.balancers}`, address: addressAt(cluster.balancers, nobodysOffset), cluster },
    ];
  });
  return [{ name, address }, ...(await Promise.all(ofClusters)).flat()];
}

/** Clients, Active Directory, hosts, nodes of each cluster, and a pod of the first one. */
async function sides(): Promise<readonly Side[]> {
  const { office, domainControllers } = lab().context.surroundings;
  const fixtures = [office, domainControllers[0]].map((each) => fixtureSide(each.name, each.addresses[0]));
  const hosts = ["jump", lab().plan.bgp.routers[0].host].map(hostSide);
  const nodes = await Promise.all(deployed().map(workerSide));
  return [...fixtures, ...hosts, ...nodes, await podSide(deployed()[0])];
}

const knocked = async (from: Side, all: readonly Target[]): Promise<Record<string, string[]>> => {
  // Nothing stands between a machine and itself.
  const others = all.filter(({ address }) => address !== from.address);
  const addresses = others.map(({ address }) => address);
  const found = await scan(from, addresses, knockedPorts.join(","));
  return Object.fromEntries(others.map(({ name, address }) => [name, found.get(address)!.sort()]));
};

export function clusterPorts(): void {
  test("a scan of nodes, API addresses, services and capi from every side finds what the port data opens, and no more", async () => {
    try {
      const [all, from] = await Promise.all([targets(), sides()]);
      const began = Date.now();
      const found = await Promise.all(from.map(async (side) => [side.name, await knocked(side, all)] as const));
      progress.say(`${from.length} scans of ${all.length} addresses: ${(Date.now() - began) / 1000} s`);
      const planned = from.map((side) => [
        side.name,
        Object.fromEntries(
          all
            .filter(({ address }) => address !== side.address)
            .map((target) => [target.name, plannedReach(lab().plan, side, target)]),
        ),
      ]);
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(planned));
    } finally {
      await removePod(deployed()[0]);
    }
  });
}
