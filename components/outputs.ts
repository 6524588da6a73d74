/** What a region tells others: stack outputs, small, with a version that changes with their shape. */
import * as pulumi from "@pulumi/pulumi";
import type { SecretOutputs } from "../config/load";
import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";
import { manualInstructions } from "../render/forwarders/manual";
import type { Kubernetes } from "./kubernetes";
import { hostPublicKey } from "./ssh-access";

export interface RegionOutputs {
  /** Version of the shapes below. */
  readonly outputsVersion: 1;
  /** What the firewall's operators let through. */
  readonly firewallMatrix: RegionPlan["firewall"];
  /** What Active Directory's DNS holds for the region. */
  readonly dnsEntries: Pick<RegionPlan["dns"], "forwarders" | "records">;
  /** Where Active Directory takes no SSH (`manual`): what its people enter, line by line, once the clusters answer. */
  readonly dnsInstructions?: readonly string[];
  readonly hosts: Readonly<Record<string, { readonly fqdn: string; readonly address: string; readonly role: string }>>;
  /** OIDC issuer of the kubectl login. */
  readonly issuer: string;
  /** How an administrator gets in; put knownHosts into ~/.ssh/known_hosts first. */
  readonly ssh: string;
  /** Lines for an OpenSSH known_hosts file, one a host. */
  readonly knownHosts: pulumi.Output<readonly string[]>;
  /** People's kubeconfigs by cluster; they hold no secret. auth serves them, too. */
  readonly kubeconfigs: pulumi.Output<Readonly<Record<string, string>>>;
  /** Administrators' kubeconfigs, for when the login is down (docs/clusters.md). Secret. */
  readonly adminKubeconfigs: pulumi.Output<{
    readonly managementPlane: string;
    readonly clusters: Readonly<Record<string, string>>;
  }>;
  /** Kubeconfigs that may read and nothing else, for `npm run verify`. Secret. */
  readonly verification: pulumi.Output<{
    readonly managementPlane?: string;
    readonly clusters: Readonly<Record<string, string>>;
  }>;
}

export interface RegionOutputsArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly secrets: SecretOutputs;
  readonly kubernetes: Kubernetes;
}

export function regionOutputs({ site, plan, secrets, kubernetes }: RegionOutputsArgs): RegionOutputs {
  const jump = plan.hosts.find((host) => host.role === "jump")!;
  return {
    outputsVersion: 1,
    firewallMatrix: plan.firewall,
    dnsEntries: { forwarders: plan.dns.forwarders, records: plan.dns.records },
    ...(site.activeDirectory.dns.administration === "manual" ? { dnsInstructions: instructions(site, plan) } : {}),
    hosts: Object.fromEntries(plan.hosts.map(({ name, fqdn, address, role }) => [name, { fqdn, address, role }])),
    issuer: plan.login.issuer,
    ssh: `ssh -J ${site.administrators.keys[0].name}@${jump.fqdn} HOST`,
    knownHosts: pulumi.all(
      plan.hosts.map(
        (host) => pulumi.interpolate`${host.fqdn},${host.address} ${hostPublicKey(host, secrets.sshHostKeys)}`,
      ),
    ),
    kubeconfigs: kubernetes.userKubeconfigs,
    adminKubeconfigs: pulumi.secret({
      managementPlane: kubernetes.managementKubeconfig,
      clusters: kubernetes.adminKubeconfigs,
    }),
    verification: pulumi.secret(kubernetes.verification),
  };
}

function instructions(site: Site, plan: RegionPlan): string[] {
  const { records, replicationScope } = site.activeDirectory.dns;
  const zones = plan.clusters.filter(({ state }) => state === "deployed").map(({ zone }) => zone);
  const forwarders = plan.dns.forwarders.filter(({ zone }) => zones.includes(zone));
  return manualInstructions({ forwarders, records: records ? plan.dns.records : [] }, replicationScope);
}
