/** A virtual disk that outlives the machine it is attached to. */
import * as pulumi from "@pulumi/pulumi";
import * as vsphere from "@pulumi/vsphere";

export interface DataDiskArgs {
  /** The machine it is for; names the file. */
  readonly vmName: string;
  readonly sizeGiB: number;
  readonly datacenter: pulumi.Input<string>;
  readonly datastore: pulumi.Input<string>;
  /** Directory of the datastore that exists already; absent: its root. */
  readonly directory?: string;
  /** Refuse to delete or replace it: `pulumi destroy` then stops, or leaves it with --exclude-protected. */
  readonly protect: boolean;
}

/** Path of a machine's data disk on its datastore. */
function dataDiskPath(vmName: string, directory: string | undefined): string {
  return [...(directory === undefined ? [] : [directory]), `${vmName}-data.vmdk`].join("/");
}

/** Creates the disk as a file of its own, so that neither replacing nor destroying the machine touches it. */
export function createDataDisk(
  name: string,
  args: DataDiskArgs,
  opts: pulumi.CustomResourceOptions,
): vsphere.VirtualDisk {
  return new vsphere.VirtualDisk(
    name,
    {
      // In no directory of its own: it would outlive `destroy`, as the provider makes directories but never removes one.
      vmdkPath: dataDiskPath(args.vmName, args.directory),
      size: args.sizeGiB,
      type: "thin",
      datacenter: args.datacenter,
      datastore: args.datastore,
    },
    { ...opts, protect: args.protect },
  );
}
