/** The A and PTR records of the fixed hosts and the API VIPs in Active Directory, for sites that let the stack keep them. */
import * as pulumi from "@pulumi/pulumi";
import type { RecordPlan } from "../plan/model";
import { dnsCommand } from "./dns-setting";
import type { DnsAdministration } from "./dns-administration";

export interface AdRecordsArgs {
  readonly records: readonly RecordPlan[];
  readonly administration: DnsAdministration;
}

export class AdRecords extends pulumi.ComponentResource {
  constructor(name: string, { records, administration }: AdRecordsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:directory:AdRecords", name, {}, opts);
    const { backend, servers, ready } = administration;
    for (const record of records) {
      dnsCommand(
        `${name}-${record.name}-${record.type}`,
        { server: servers[0], setting: backend.record(record), identity: [record.name, record.value] },
        { parent: this, dependsOn: [...ready] },
      );
    }
    this.registerOutputs({});
  }
}
