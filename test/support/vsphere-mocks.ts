/** The functions and resources of the plugins that a region uses, as a vCenter of the example site would answer. */
import type { StrictMocks } from "./strict-mocks";

export const vsphereMocks: StrictMocks = {
  functions: {
    "vsphere:index/getDatacenter:getDatacenter": ({ name }) => ({ id: "datacenter-2", name }),
    "vsphere:index/getComputeCluster:getComputeCluster": ({ name }) => ({
      id: "domain-c8",
      name,
      resourcePoolId: "resgroup-9",
    }),
    "vsphere:index/getDatastore:getDatastore": ({ name }) => ({ id: "datastore-11", name }),
    "vsphere:index/getNetwork:getNetwork": ({ name }) => ({ id: "dvportgroup-21", name }),
    "vsphere:index/getVirtualMachine:getVirtualMachine": ({ name }) => ({
      id: `uuid-of-${String(name)}`,
      name,
      guestId: "debian12_64Guest",
      firmware: "efi",
      efiSecureBootEnabled: true,
      scsiType: "pvscsi",
      disks: [{ label: "Hard disk 1", size: 4, thinProvisioned: true, eagerlyScrub: false, unitNumber: 0 }],
    }),
  },
  resources: [
    "pulumi:providers:vsphere",
    "vsphere:index/folder:Folder",
    "vsphere:index/tagCategory:TagCategory",
    "vsphere:index/tag:Tag",
    "vsphere:index/virtualDisk:VirtualDisk",
    "vsphere:index/virtualMachine:VirtualMachine",
    "vsphere:index/computeClusterVmAntiAffinityRule:ComputeClusterVmAntiAffinityRule",
    "command:local:Command",
    "command:remote:Command",
    "pulumi:providers:kubernetes",
  ],
};
