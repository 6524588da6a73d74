/** Kubernetes in a region: the management plane, Cluster API on it, the deployed clusters, and who may talk to them. */
import * as pulumi from "@pulumi/pulumi";
import type { SecretOutputs } from "../config/load";
import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";
import { AdRecords } from "./ad-records";
import { Cluster } from "./cluster";
import { ClusterApi } from "./cluster-api";
import { dnsAdministration, type DnsAdministration } from "./dns-administration";
import { issuerProof } from "./issuer-proof";
import { ManagementPlane } from "./management-plane";
import type { Region } from "./region";
import { UserKubeconfigs } from "./user-kubeconfigs";
import { VerifyAccess } from "./verify-access";

export interface KubernetesArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly secrets: SecretOutputs;
  readonly region: Region;
  /** SHA-256 fingerprint of vCenter's certificate, checked by preflight. */
  readonly vcenterThumbprint: string;
}

/** Kubeconfigs of the clusters, by name. */
type ByCluster = Readonly<Record<string, pulumi.Output<string>>>;

export class Kubernetes extends pulumi.ComponentResource {
  /** The administrator's kubeconfig of the management plane. Secret. */
  readonly managementKubeconfig: pulumi.Output<string>;
  /** The administrators' kubeconfigs of the clusters. Secret. */
  readonly adminKubeconfigs: ByCluster;
  /** People's kubeconfigs, which hold no secret: who logs in with them is Active Directory's business. */
  readonly userKubeconfigs: pulumi.Output<Readonly<Record<string, string>>>;
  /** Kubeconfigs that may read and nothing else, for `npm run verify`. Secret. */
  readonly verification: { readonly managementPlane?: pulumi.Output<string>; readonly clusters: ByCluster };

  constructor(name: string, args: KubernetesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:kubernetes:Kubernetes", name, {}, opts);
    const { site, plan, secrets, region } = args;
    const capi = region.host("capi");
    const management = new ManagementPlane(
      `${name}-capi`,
      { site, plan, capi: { vm: capi.machine, connection: capi.connection }, secrets },
      { parent: this },
    );
    const administration = this.administerDns(name, args);
    const deployed = plan.clusters.filter(({ state }) => state === "deployed");
    // A region without clusters is its hosts: Cluster API comes with the first one.
    const clusters = deployed.length === 0 ? {} : this.createClusters(name, args, management, administration);
    this.managementKubeconfig = management.kubeconfig;
    this.adminKubeconfigs = kubeconfigs(clusters, (cluster) => cluster.adminKubeconfig);
    this.userKubeconfigs = this.publishKubeconfigs(name, args);
    this.verification = {
      ...(deployed.length === 0 ? {} : { managementPlane: this.letVerify(name, management) }),
      clusters: kubeconfigs(clusters, (cluster) => cluster.verifyKubeconfig),
    };
    this.registerOutputs({});
  }

  private administerDns(name: string, { site, plan, secrets, region }: KubernetesArgs): DnsAdministration | undefined {
    const jumpReady = region.host("jump").machine.ready;
    const administration = dnsAdministration({ site, secrets, access: region.access, jumpReady });
    if (administration !== undefined && site.activeDirectory.dns.records) {
      new AdRecords(`${name}-records`, { records: plan.dns.records, administration }, { parent: this });
    }
    return administration;
  }

  private createClusters(
    name: string,
    args: KubernetesArgs,
    management: ManagementPlane,
    administration: DnsAdministration | undefined,
  ): Readonly<Record<string, Cluster>> {
    const { provider } = management;
    const capi = args.plan.management.kind === "capi" ? { connection: args.region.host("capi").connection } : {};
    const clusterApi = new ClusterApi(
      `${name}-cluster-api`,
      { ...args, ...capi },
      { parent: this, providers: [provider] },
    );
    const issuer = issuerProof(`${name}-issuer`, { ...args, auth: args.region.host("auth") }, { parent: this });
    const clusters = args.plan.clusters
      .filter(({ state }) => state === "deployed")
      .map((cluster): [string, Cluster] => [
        cluster.name,
        new Cluster(
          `${name}-${cluster.name}`,
          {
            ...args,
            cluster,
            management: { provider, ...capi, ready: [...clusterApi.ready, issuer] },
            ...(administration === undefined ? {} : { dnsAdministration: administration }),
          },
          { parent: this },
        ),
      ]);
    return Object.fromEntries(clusters);
  }

  private publishKubeconfigs(name: string, { plan, region }: KubernetesArgs): UserKubeconfigs["kubeconfigs"] {
    const { machine, connection } = region.host("auth");
    const { adminKubeconfigs } = this;
    const published = new UserKubeconfigs(
      `${name}-login`,
      { plan, auth: machine, connection, adminKubeconfigs },
      { parent: this },
    );
    return published.kubeconfigs;
  }

  private letVerify(name: string, { kubeconfig, provider }: ManagementPlane): pulumi.Output<string> {
    const access = new VerifyAccess(
      `${name}-verify`,
      { scope: "managementPlane", adminKubeconfig: kubeconfig },
      { parent: this, providers: [provider] },
    );
    return access.kubeconfig;
  }
}

const kubeconfigs = (
  clusters: Readonly<Record<string, Cluster>>,
  of: (cluster: Cluster) => pulumi.Output<string>,
): ByCluster => Object.fromEntries(Object.entries(clusters).map(([name, cluster]) => [name, of(cluster)]));
