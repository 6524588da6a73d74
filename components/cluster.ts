/** One deployed cluster of a region, from its machines to the name that answers, each part after what it stands on. */
import * as pulumi from "@pulumi/pulumi";
import type { SecretOutputs } from "../config/load";
import type { Site } from "../config/site";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { AdForwarder } from "./ad-forwarder";
import { Cilium } from "./cilium";
import { CloudProvider } from "./cloud-provider";
import { ClusterDns } from "./cluster-dns";
import type { DnsAdministration } from "./dns-administration";
import { MachineHealth } from "./machine-health";
import type { ManagementAccess } from "./management-access";
import { NodesReady } from "./nodes-ready";
import type { Region } from "./region";
import { VerifyAccess } from "./verify-access";
import { WorkloadCluster } from "./workload-cluster";

export interface ClusterArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly cluster: ClusterPlan;
  readonly secrets: SecretOutputs;
  readonly region: Region;
  /** SHA-256 fingerprint of vCenter's certificate, checked by preflight. */
  readonly vcenterThumbprint: string;
  /** The management plane, and what must answer first: its webhooks, and the issuer that the cluster's API servers trust. */
  readonly management: ManagementAccess & { readonly ready: readonly pulumi.Resource[] };
  /** Undefined where the site's people enter everything into Active Directory themselves. */
  readonly dnsAdministration?: DnsAdministration;
}

export class Cluster extends pulumi.ComponentResource {
  /** The administrator's kubeconfig. Secret. */
  readonly adminKubeconfig: pulumi.Output<string>;
  /** A kubeconfig that may read and nothing else, for `npm run verify`. Secret. */
  readonly verifyKubeconfig: pulumi.Output<string>;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:cluster:Cluster", name, {}, opts);
    const { site, plan, cluster, secrets, management, vcenterThumbprint } = args;
    const workload = this.createMachines(name, args);
    // With its machines all that is in the cluster is gone: nothing is deleted one by one from a dying API server.
    const inside = { parent: this, providers: [workload.provider], deletedWith: workload.machines };
    const after = workload.apiReady;
    const cloudProvider = new CloudProvider(
      `${name}-cloud-provider`,
      { site, plan, cluster, secrets, vcenterThumbprint, after },
      inside,
    );
    const verifyAccess = new VerifyAccess(
      `${name}-verify`,
      { scope: "cluster", adminKubeconfig: workload.kubeconfig },
      { ...inside, dependsOn: [...after] },
    );
    const beforeAgents = [...cloudProvider.ready, verifyAccess];
    const cilium = new Cilium(
      `${name}-cilium`,
      { site, plan, cluster, secrets, management, after, beforeAgents },
      inside,
    );
    const nodes = new NodesReady(
      `${name}-nodes`,
      { workload, management, after: [...cloudProvider.ready, ...cilium.ready] },
      { parent: this },
    );
    new MachineHealth(`${name}-health`, { workload, management, nodes }, { parent: this });
    const dns = new ClusterDns(
      `${name}-dns`,
      { plan, cluster, cilium: { ready: [...cilium.ready, ...nodes.ready] }, management },
      inside,
    );
    this.createForwarder(name, args, dns);
    this.adminKubeconfig = workload.kubeconfig;
    this.verifyKubeconfig = verifyAccess.kubeconfig;
    this.registerOutputs({ name: cluster.name });
  }

  private createMachines(name: string, args: ClusterArgs): WorkloadCluster {
    const { site, plan, cluster, secrets, region, management, vcenterThumbprint } = args;
    const vcenter = {
      provider: region.vcenter,
      datacenterId: region.inventory.datacenterId,
      siteFolder: region.folder,
    };
    return new WorkloadCluster(
      `${name}-machines`,
      { site, plan, cluster, secrets, vcenterThumbprint, vcenter, management },
      { parent: this },
    );
  }

  /** Not deleted with the machines: what it makes is in Active Directory, and goes before the address that it names. */
  private createForwarder(name: string, { plan, cluster, dnsAdministration }: ClusterArgs, dns: ClusterDns): void {
    const forwarder = plan.dns.forwarders.find(({ zone }) => zone === cluster.zone);
    if (forwarder === undefined) throw new Error(`${cluster.name}: no forwarder is planned for ${cluster.zone}.`);
    if (dnsAdministration === undefined) return;
    new AdForwarder(`${name}-forwarder`, { forwarder, administration: dnsAdministration, dns }, { parent: this });
  }
}
