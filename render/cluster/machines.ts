/** Machine templates: what CAPV clones. Immutable, so a template's name ends in the hash of its content. */
import type { Site, VmSize } from "../../config/site";
import type { ClusterPlan, RegionPlan } from "../../plan/model";
import { apis, clusterNames, ofCluster, reference } from "./names";
import { contentHash, type KubernetesObject } from "../kubernetes-object";
import { vlanInterface } from "../nftables";

/** Seconds that a guest has to shut down by itself before its power is cut; it was drained before. */
const softPowerOffSeconds = 120;

/** The inventory path of a compute cluster's root resource pool. */
const rootPool = ({ datacenter, computeCluster }: Site["vcenter"]): string =>
  `/${datacenter}/host/${computeCluster}/Resources`;

function machine(site: Site, plan: RegionPlan, cluster: ClusterPlan, size: VmSize) {
  const { vcenter } = site;
  return {
    server: vcenter.server,
    datacenter: vcenter.datacenter,
    datastore: vcenter.datastore,
    folder: `/${vcenter.datacenter}/vm/${cluster.folder}`,
    resourcePool: rootPool(vcenter),
    template: vcenter.templates.node.name,
    // A linked clone would hang on a snapshot of the template, which then could never be replaced.
    cloneMode: "fullClone",
    os: "Linux",
    numCPUs: size.cpus,
    memoryMiB: size.memoryMiB,
    diskGiB: size.diskGiB,
    powerOffMode: "trySoft",
    guestSoftPowerOffTimeoutSeconds: softPowerOffSeconds,
    network: {
      devices: [
        {
          networkName: vcenter.portGroup,
          deviceName: vlanInterface,
          dhcp4: false,
          dhcp6: false,
          addressesFromPools: [reference(apis.ipam, "InClusterIPPool", clusterNames(cluster).pool)],
          mtu: cluster.mtu,
          nameservers: [...plan.dns.nameservers],
          searchDomains: [...plan.dns.searchDomains],
        },
      ],
    },
  };
}

/** The template of machines of one size; `name` makes its name out of the hash. */
export function renderMachineTemplate(
  site: Site,
  plan: RegionPlan,
  cluster: ClusterPlan,
  size: VmSize,
  name: (hash: string) => string,
): KubernetesObject {
  const spec = { template: { spec: machine(site, plan, cluster, size) } };
  return {
    apiVersion: apis.infrastructure,
    kind: "VSphereMachineTemplate",
    metadata: ofCluster(cluster, name(contentHash(spec))),
    spec,
  };
}
