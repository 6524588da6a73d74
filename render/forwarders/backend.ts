/** What a way to administer Active Directory's DNS can do. Every command is for one domain controller, over SSH. */
import type { Site } from "../../config/site";
import type { ForwarderPlan, RecordPlan } from "../../plan/model";
import { nameServer } from "../cluster-dns/corefile";

export type ReplicationScope = Site["activeDirectory"]["dns"]["replicationScope"];

/** A setting that can be made and taken back. Both may be repeated; neither touches what somebody else set. */
export interface Setting {
  /** Gets, then adds, sets or does nothing, then looks whether it is so. Fails where somebody else's setting is in the way. */
  readonly create: string;
  /** Removes what `create` made and is unchanged; leaves anything else alone and says so. */
  readonly delete: string;
}

export interface Backend {
  /** Does every domain controller keep forwarders of its own? Otherwise they are entered once, and replicate. */
  forwardersPerServer(scope: ReplicationScope): boolean;
  /** Waits until the cluster's DNS answers this domain controller itself; fails with what answers instead. */
  probe(forwarder: ForwarderPlan): string;
  forwarder(forwarder: ForwarderPlan, scope: ReplicationScope): Setting;
  delegation(forwarder: ForwarderPlan & { readonly delegationFrom: string }): Setting;
  /** Waits until the domain controller answers for the zone: replication included. */
  answers(forwarder: ForwarderPlan): string;
  record(record: RecordPlan): Setting;
}

/** Seconds to wait for the first answer of a cluster's DNS: routes spread in seconds. */
export const probeSeconds = 180;

/** Seconds to wait for what was entered on another domain controller: replication, then DNS's own polling of AD (180 s). */
export const replicationSeconds = 600;

/** Seconds that records and delegations live. */
export const recordTtl = 3600;

/** A delegation in words of the parent zone: relative names, as AD's tools want them. */
export function delegationNames({ zone, delegationFrom }: { readonly zone: string; readonly delegationFrom: string }) {
  const server = nameServer(zone);
  const relative = (name: string) => name.slice(0, -delegationFrom.length - 1);
  return { server, child: relative(zone), glue: relative(server) };
}

/** Every zone that could hold a name, the longest first. */
export const possibleZones = (name: string): string[] =>
  name
    .split(".")
    .map((_, index, labels) => labels.slice(index + 1).join("."))
    .filter((zone) => zone !== "");

/** What to do about somebody else's setting in the way, for whoever runs `up`. */
export const foreignRemedy = (removal: string): string =>
  `It was not made by this stack, which never overwrites others': remove it (${removal}) or give the cluster another zone, then run up again.`;
