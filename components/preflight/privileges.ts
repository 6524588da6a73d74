/**
 * The rights that `up` and `destroy` need in vCenter, and why: the least-privilege role of docs/vcenter-role.md.
 *
 * Names: https://developer.broadcom.com/xapis/vsphere-web-services-api/latest/ (privileges reference). Where each is
 * needed follows from the calls of the provider's resources; OpenShift's installer, which drives the same API, keeps a
 * similar list (pkg/asset/installconfig/vsphere/permissions.go).
 */

/** A kind of object in the inventory that the role is assigned on. */
export type PrivilegeScope = "vcenter" | "folderParent" | "computeCluster" | "datastore" | "portGroup" | "templates";

export interface ScopePrivileges {
  readonly scope: PrivilegeScope;
  /** Where a human assigns the role, and whether it is to reach the object's children. */
  readonly assignment: string;
  readonly propagate: boolean;
  readonly privileges: Readonly<Record<string, string>>;
}

/** One role for each scope; a site that prefers one role for all takes the union. */
export const requiredPrivileges: readonly ScopePrivileges[] = [
  {
    scope: "vcenter",
    assignment: "the vCenter itself (root of the inventory)",
    propagate: false,
    privileges: {
      "InventoryService.Tagging.CreateCategory": "the tag category that marks the region's machines",
      "InventoryService.Tagging.DeleteCategory": "destroy",
      "InventoryService.Tagging.EditCategory": "its description changes",
      "InventoryService.Tagging.CreateTag": "one tag for each role of a machine",
      "InventoryService.Tagging.DeleteTag": "destroy",
      "InventoryService.Tagging.EditTag": "a tag's description changes",
      "InventoryService.Tagging.AttachTag": "a machine gets its tag",
      "StorageProfile.View": "the provider reads each disk's storage policy",
    },
  },
  {
    scope: "folderParent",
    assignment: "the VM folder in which the site's own folder is made (the datacenter, where that is its VM root)",
    propagate: true,
    privileges: {
      "Folder.Create": "the site's own folder",
      "Folder.Delete": "destroy",
      "Folder.Rename": "the folder's name changes",
      "InventoryService.Tagging.ObjectAttachable": "machines can carry tags",
      "VirtualMachine.Inventory.CreateFromExisting": "a machine is cloned from a template",
      "VirtualMachine.Inventory.Delete": "replace and destroy",
      "VirtualMachine.Provisioning.DeployTemplate": "the clone, on the side of the new machine",
      "VirtualMachine.Config.AddNewDisk": "a clone's disks",
      "VirtualMachine.Config.AddExistingDisk": "capi's data disk is attached",
      "VirtualMachine.Config.RemoveDisk": "capi's data disk is detached before its machine goes",
      "VirtualMachine.Config.DiskExtend": "a machine's disk is larger than its template's",
      "VirtualMachine.Config.AddRemoveDevice": "network card and controllers",
      "VirtualMachine.Config.EditDevice": "the network card moves to the VLAN's port group",
      "VirtualMachine.Config.CPUCount": "size",
      "VirtualMachine.Config.Memory": "size",
      "VirtualMachine.Config.Resource": "the provider writes shares and reservations with every machine",
      "VirtualMachine.Config.Settings": "general settings of the machine",
      "VirtualMachine.Config.AdvancedConfig": "guestinfo: what the machine reads at its first boot",
      "VirtualMachine.Config.Annotation": "the machine says who keeps it",
      "VirtualMachine.Config.Rename": "a machine's name changes",
      "VirtualMachine.Config.SwapPlacement": "the provider writes the swap file's placement with every machine",
      "VirtualMachine.Interact.PowerOn": "boot",
      "VirtualMachine.Interact.PowerOff": "shutdown before a machine goes",
    },
  },
  {
    scope: "templates",
    assignment: "each template",
    propagate: false,
    privileges: { "VirtualMachine.Provisioning.DeployTemplate": "the clone, on the side of the template" },
  },
  {
    scope: "computeCluster",
    assignment: "the compute cluster",
    propagate: true,
    privileges: {
      "Resource.AssignVMToPool": "machines run in the cluster's root resource pool",
      "Host.Inventory.EditCluster": "the DRS rule that keeps the BGP routers apart",
    },
  },
  {
    scope: "datastore",
    assignment: "the datastore",
    propagate: false,
    privileges: {
      "Datastore.AllocateSpace": "disks",
      "Datastore.Browse": "the provider looks for capi's data disk",
      "Datastore.FileManagement": "capi's data disk is made and deleted as a file of its own",
    },
  },
  {
    scope: "portGroup",
    assignment: "the port group of the VLAN",
    propagate: false,
    privileges: { "Network.Assign": "the network cards of the region's machines" },
  },
];
