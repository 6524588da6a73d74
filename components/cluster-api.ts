/** Cluster API on the management plane, by its operator, and the certificates that its webhooks need, by cert-manager. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";
import { chartSource, type ChartName } from "../render/charts";
import { awaitCertificates } from "../render/cluster-api/certificates";
import { probeNamespace, renderProbe } from "../render/cluster-api/probe";
import {
  noAccount,
  noAccountSecret,
  providerPlans,
  renderProvider,
  renderProviderFiles,
  type ProviderPlan,
} from "../render/cluster-api/providers";
import {
  certManagerNamespace,
  certManagerValues,
  operatorNamespace,
  operatorTrust,
  operatorValues,
} from "../render/cluster-api/releases";
import { readProviderFiles } from "./component-files";
import { kubernetesResource, kubernetesSecret } from "./kubernetes-objects";
import { waitOnCapi } from "./management-access";
import type { Connection } from "./ssh-access";

export interface ClusterApiArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  /** SSH to the management plane's machine, where the stack made that itself. */
  readonly connection?: Connection;
}

/** Images come from a mirror, at worst; a release waits for its pods. */
const timeouts = { create: "15m", update: "15m", delete: "15m" } as const;
const releaseSeconds = 600;

/** Wants the management plane's provider in its options. */
export class ClusterApi extends pulumi.ComponentResource {
  /** What everything that is asked of Cluster API waits for: its webhooks answered. */
  readonly ready: readonly pulumi.Resource[];

  constructor(
    name: string,
    private readonly args: ClusterApiArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("kubernetes-vsphere:cluster-api:ClusterApi", name, {}, opts);
    const certManager = this.createCertManager(name);
    const operator = this.createOperator(name, certManager);
    const providers = this.createProviders(name, operator);
    this.ready = [this.createProbe(name, providers), ...this.awaitCertificates(name, certManager)];
    this.registerOutputs({});
  }

  private createCertManager(name: string): pulumi.Resource {
    const namespace = this.createNamespace(`${name}-cert-manager`, certManagerNamespace);
    return this.release(`${name}-cert-manager`, {
      chart: "cert-manager",
      namespace: certManagerNamespace,
      values: certManagerValues(),
      after: [namespace],
    });
  }

  /** Beside the operator and the providers, which do not start before they have theirs. */
  private awaitCertificates(name: string, certManager: pulumi.Resource): pulumi.Resource[] {
    const { plan, connection } = this.args;
    if (connection === undefined) return [];
    const namespaces = [operatorNamespace, ...providerPlans(plan).map(({ namespace }) => namespace)];
    const options = { parent: this, dependsOn: [certManager] };
    return [waitOnCapi(`${name}-certificates`, connection, awaitCertificates(namespaces), namespaces, options)];
  }

  private createOperator(name: string, certManager: pulumi.Resource): pulumi.Resource {
    const { site } = this.args;
    const namespace = this.createNamespace(`${name}-operator`, operatorNamespace);
    const trust = operatorTrust(site);
    const options = { parent: this, dependsOn: [namespace] };
    const trusted = trust === undefined ? [] : [kubernetesResource(`${name}-operator-trust`, trust, options)];
    return this.release(`${name}-operator`, {
      chart: "cluster-api-operator",
      namespace: operatorNamespace,
      values: operatorValues(site),
      after: [namespace, ...trusted, certManager],
    });
  }

  /** The core first: the operator installs the others only beside a ready core, and a fault shows where it is. */
  private createProviders(name: string, operator: pulumi.Resource): pulumi.Resource[] {
    const [corePlan, ...others] = providerPlans(this.args.plan);
    const core = this.createProvider(`${name}-${corePlan.label}`, corePlan, [operator]);
    return [core, ...others.map((plan) => this.createProvider(`${name}-${plan.label}`, plan, [operator, core]))];
  }

  private createProvider(name: string, plan: ProviderPlan, after: readonly pulumi.Resource[]): pulumi.Resource {
    const { site } = this.args;
    const namespace = this.createNamespace(name, plan.namespace);
    const inNamespace = { parent: this, dependsOn: [namespace] };
    const ground: pulumi.Resource[] = [namespace];
    const { components } = site.mirrors;
    if (components.kind === "folder") {
      const files = renderProviderFiles(plan, readProviderFiles(components.path, plan));
      ground.push(kubernetesResource(`${name}-files`, files, inNamespace));
    }
    const account = plan.kind === "InfrastructureProvider" ? noAccountSecret(plan) : undefined;
    if (account !== undefined) {
      ground.push(
        kubernetesSecret(`${name}-variables`, account, pulumi.output<Record<string, string>>(noAccount), inNamespace),
      );
    }
    const provider = renderProvider(site, plan, account?.metadata.name);
    return kubernetesResource(name, provider, {
      parent: this,
      dependsOn: [...ground, ...after],
      customTimeouts: timeouts,
    });
  }

  private createProbe(name: string, providers: readonly pulumi.Resource[]): pulumi.Resource {
    const { plan } = this.args;
    const probe = renderProbe(plan, providerPlans(plan));
    const namespace = this.createNamespace(`${name}-probe`, probeNamespace);
    const options = { parent: this, dependsOn: [namespace] };
    const ground = probe.ground.map((object) =>
      kubernetesResource(`${name}-probe-${object.kind.toLowerCase()}`, object, options),
    );
    return kubernetesResource(`${name}-probe`, probe.job, {
      parent: this,
      dependsOn: [...ground, ...providers],
      customTimeouts: timeouts,
    });
  }

  private createNamespace(name: string, namespace: string): pulumi.Resource {
    const object = { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } };
    return kubernetesResource(`${name}-namespace`, object, { parent: this });
  }

  private release(
    name: string,
    release: { chart: ChartName; namespace: string; values: object; after: readonly pulumi.Resource[] },
  ): pulumi.Resource {
    const { site, plan } = this.args;
    return new k8s.helm.v3.Release(
      name,
      {
        ...chartSource(site, plan, release.chart),
        name: release.chart,
        namespace: release.namespace,
        values: release.values as Record<string, unknown>,
        timeout: releaseSeconds,
      },
      { parent: this, dependsOn: [...release.after], customTimeouts: timeouts },
    );
  }
}
