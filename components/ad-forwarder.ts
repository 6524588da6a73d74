/**
 * The way from Active Directory to one cluster's zone: a conditional forwarder to the cluster's `.10`, and a delegation where
 * Active Directory itself answers for a parent, since it would never ask a forwarder below a zone of its own.
 */
import * as pulumi from "@pulumi/pulumi";
import type { ForwarderPlan } from "../plan/model";
import { dnsCommand } from "./dns-setting";
import type { DnsAdministration, DnsServer } from "./dns-administration";

export interface AdForwarderArgs {
  readonly forwarder: ForwarderPlan;
  readonly administration: DnsAdministration;
  /** The cluster's DNS, and what makes its address reachable. Outlives the forwarder. */
  readonly dns: { readonly ready: readonly pulumi.Resource[] };
}

export class AdForwarder extends pulumi.ComponentResource {
  /** Every domain controller answers for the zone. */
  readonly ready: readonly pulumi.Resource[];

  constructor(name: string, args: AdForwarderArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:directory:AdForwarder", name, {}, opts);
    const probes = this.askFromServers(name, args);
    const delegation = this.delegate(name, args, probes);
    const forwarders = this.forward(name, args, [...probes, ...delegation]);
    this.ready = this.await(name, args, [...delegation, ...forwarders]);
    this.registerOutputs({ zone: args.forwarder.zone });
  }

  /** A forwarder to an address that does not answer would turn every question into a timeout. */
  private askFromServers(name: string, { forwarder, administration, dns }: AdForwarderArgs): pulumi.Resource[] {
    const { backend, servers, ready } = administration;
    return servers.map((server) =>
      this.command(`${name}-${server.name}-asks`, server, { create: backend.probe(forwarder) }, forwarder, [
        ...dns.ready,
        ...ready,
      ]),
    );
  }

  /** In the parent zone, which all domain controllers share. */
  private delegate(
    name: string,
    { forwarder, administration }: AdForwarderArgs,
    after: readonly pulumi.Resource[],
  ): pulumi.Resource[] {
    const { zone, address, delegationFrom } = forwarder;
    if (delegationFrom === undefined) return [];
    const setting = administration.backend.delegation({ zone, address, delegationFrom });
    return [this.command(`${name}-delegation`, administration.servers[0], setting, forwarder, after)];
  }

  /** Where each server keeps its own, one after the other: a faulty one is found before the others have it. */
  private forward(
    name: string,
    { forwarder, administration }: AdForwarderArgs,
    after: readonly pulumi.Resource[],
  ): pulumi.Resource[] {
    const { backend, scope, servers } = administration;
    const setting = backend.forwarder(forwarder, scope);
    const keepers = backend.forwardersPerServer(scope) ? servers : servers.slice(0, 1);
    return keepers.reduce<pulumi.Resource[]>(
      (made, server) => [
        ...made,
        this.command(`${name}-${server.name}-forwarder`, server, setting, forwarder, [...after, ...made]),
      ],
      [],
    );
  }

  private await(
    name: string,
    { forwarder, administration }: AdForwarderArgs,
    after: readonly pulumi.Resource[],
  ): pulumi.Resource[] {
    const { backend, servers } = administration;
    return servers.map((server) =>
      this.command(`${name}-${server.name}-answers`, server, { create: backend.answers(forwarder) }, forwarder, after),
    );
  }

  private command(
    name: string,
    server: DnsServer,
    setting: Parameters<typeof dnsCommand>[1]["setting"],
    { zone, address, delegationFrom = "" }: ForwarderPlan,
    after: readonly pulumi.Resource[],
  ): pulumi.Resource {
    const identity = [zone, address, delegationFrom];
    return dnsCommand(name, { server, setting, identity }, { parent: this, dependsOn: [...after] });
  }
}
