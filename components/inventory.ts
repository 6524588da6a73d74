/** What exists in vCenter before us, found by the names of the site file. */
import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import type { Site } from "../config/site";

/** What a clone must repeat of its template, or the guest would find other hardware than it was made for. */
export interface TemplateFacts {
  readonly uuid: pulumi.Output<string>;
  readonly guestId: pulumi.Output<string>;
  readonly firmware: pulumi.Output<string>;
  readonly secureBoot: pulumi.Output<boolean>;
  readonly scsiType: pulumi.Output<string>;
  readonly thinProvisioned: pulumi.Output<boolean>;
  readonly eagerlyScrub: pulumi.Output<boolean>;
}

export interface Inventory {
  readonly datacenter: string;
  readonly datastore: string;
  readonly dataDirectory?: string;
  readonly datacenterId: pulumi.Output<string>;
  readonly computeClusterId: pulumi.Output<string>;
  readonly resourcePoolId: pulumi.Output<string>;
  readonly datastoreId: pulumi.Output<string>;
  readonly networkId: pulumi.Output<string>;
  /** By the template's name. */
  readonly templates: ReadonlyMap<string, TemplateFacts>;
}

/** Looks everything up once; a name that vCenter does not know fails the run (preflight says so first, and better). */
export function findInventory(vcenter: Site["vcenter"], options: pulumi.InvokeOutputOptions): Inventory {
  const datacenterId = vsphere.getDatacenterOutput({ name: vcenter.datacenter }, options).id;
  const inDatacenter = (name: string) => ({ name, datacenterId });
  const computeCluster = vsphere.getComputeClusterOutput(inDatacenter(vcenter.computeCluster), options);
  const templateNames = new Set([vcenter.templates.host.name, vcenter.templates.node.name]);
  return {
    datacenter: vcenter.datacenter,
    datastore: vcenter.datastore,
    dataDirectory: vcenter.dataDirectory,
    datacenterId,
    computeClusterId: computeCluster.id,
    resourcePoolId: computeCluster.resourcePoolId,
    datastoreId: vsphere.getDatastoreOutput(inDatacenter(vcenter.datastore), options).id,
    networkId: vsphere.getNetworkOutput(inDatacenter(vcenter.portGroup), options).id,
    templates: new Map(
      [...templateNames].map((name) => [
        name,
        templateFacts(vsphere.getVirtualMachineOutput(inDatacenter(name), options)),
      ]),
    ),
  };
}

function templateFacts(template: pulumi.Output<vsphere.GetVirtualMachineResult>): TemplateFacts {
  const systemDisk = template.disks[0];
  return {
    uuid: template.id,
    guestId: template.guestId,
    firmware: template.apply(({ firmware }) => firmware ?? "bios"),
    secureBoot: template.apply(({ efiSecureBootEnabled }) => efiSecureBootEnabled ?? false),
    scsiType: template.scsiType,
    thinProvisioned: systemDisk.thinProvisioned,
    eagerlyScrub: systemDisk.eagerlyScrub,
  };
}
