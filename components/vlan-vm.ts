/** One fixed host of the VLAN: a clone of a template that boots from its own cloud-init, and the proof that it did. */
import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";
import { machineNote } from "../plan/names";
import { createDataDisk } from "./data-disk";
import { hostFiles, type HostFilesArgs } from "./host-files";
import type { Inventory } from "./inventory";

export interface VlanVmArgs extends Omit<HostFilesArgs, "machineId"> {
  readonly inventory: Inventory;
  /** VM folder, relative to the datacenter's. */
  readonly folder: pulumi.Input<string>;
  readonly tags: readonly pulumi.Input<string>[];
  /** `guestinfo.*` keys with the first boot's data: a secret, though worth nothing once the host has its own SSH host key. */
  readonly guestinfo: pulumi.Output<Record<string, string>>;
  /** Hosts that must answer before this one can be asked: the jump host, where it is the way in. */
  readonly reachedThrough?: readonly VlanVm[];
  /** Hosts that must be ready before this one's machine is touched, so that both are never down at once. */
  readonly after?: readonly VlanVm[];
  /** Protect what holds data from deletion. */
  readonly protectData: boolean;
}

/** Minutes until the guest has its address, which it has before it installs anything. */
const guestNetworkTimeout = 5;

export class VlanVm extends pulumi.ComponentResource {
  /** Done once cloud-init has finished without a fault and the host serves with its own files. */
  readonly ready: pulumi.Resource;
  readonly machine: vsphere.VirtualMachine;

  constructor(name: string, args: VlanVmArgs, opts?: pulumi.ComponentResourceOptions) {
    super("kubernetes-vsphere:region:VlanVm", name, {}, opts);
    this.machine = this.createMachine(name, args);
    this.ready = this.createReadiness(name, args);
    this.registerOutputs({ machineId: this.machine.id });
  }

  private createMachine(name: string, args: VlanVmArgs): vsphere.VirtualMachine {
    const { host, inventory } = args;
    const template = inventory.templates.get(host.template.name);
    if (template === undefined) {
      throw new Error(
        `${host.name}: template ${host.template.name} was not looked up; the inventory knows the others.`,
      );
    }
    return new vsphere.VirtualMachine(
      `${name}-vm`,
      {
        name: host.vmName,
        annotation: machineNote(host.fqdn, host.role),
        folder: args.folder,
        resourcePoolId: inventory.resourcePoolId,
        datastoreId: inventory.datastoreId,
        numCpus: host.size.cpus,
        memory: host.size.memoryMiB,
        guestId: template.guestId,
        firmware: template.firmware,
        efiSecureBootEnabled: template.secureBoot,
        scsiType: template.scsiType,
        clone: { templateUuid: template.uuid },
        // The guest names a VMXNET3 card ens192 after the PCI slot that ESXi gives the first one.
        networkInterfaces: [{ networkId: inventory.networkId, adapterType: "vmxnet3" }],
        disks: this.disks(name, args, template),
        extraConfig: pulumi.secret(args.guestinfo),
        tags: [...args.tags],
        waitForGuestNetTimeout: guestNetworkTimeout,
        waitForGuestNetRoutable: true,
      },
      {
        parent: this,
        dependsOn: args.after?.map((other) => other.ready),
        // cloud-init reads its data at the first boot only, so another base means another machine. So does another size,
        // which the provider would change by a reboot that nobody waits for: the next router would go down with this one.
        // The address is fixed, so the old machine goes first.
        replaceOnChanges: ["extraConfig", "numCpus", "memory", "disks[0].size"],
        deleteBeforeReplace: true,
        additionalSecretOutputs: ["extraConfig"],
      },
    );
  }

  private disks(
    name: string,
    { host, inventory, protectData }: VlanVmArgs,
    template: { thinProvisioned: pulumi.Input<boolean>; eagerlyScrub: pulumi.Input<boolean> },
  ): vsphere.types.input.VirtualMachineDisk[] {
    const system = {
      label: "system",
      unitNumber: 0,
      size: host.size.diskGiB,
      thinProvisioned: template.thinProvisioned,
      eagerlyScrub: template.eagerlyScrub,
    };
    if (host.dataDiskGiB === undefined) {
      return [system];
    }
    const data = createDataDisk(
      `${name}-data`,
      {
        vmName: host.vmName,
        sizeGiB: host.dataDiskGiB,
        datacenter: inventory.datacenter,
        datastore: inventory.datastore,
        directory: inventory.dataDirectory,
        protect: protectData,
      },
      { parent: this },
    );
    return [
      system,
      {
        label: "data",
        unitNumber: 1,
        attach: true,
        path: data.vmdkPath,
        datastoreId: inventory.datastoreId,
        // A snapshot of the machine must not move the data into a delta file that dies with the machine.
        diskMode: "independent_persistent",
      },
    ];
  }

  private createReadiness(name: string, args: VlanVmArgs): pulumi.Resource {
    return hostFiles(
      `${name}-ready`,
      { ...args, machineId: this.machine.id },
      { parent: this, dependsOn: [this.machine, ...(args.reachedThrough ?? []).map((other) => other.ready)] },
    );
  }
}
