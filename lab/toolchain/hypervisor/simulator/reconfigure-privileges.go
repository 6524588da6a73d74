package simulator

import (
	"github.com/vmware/govmomi/vim25/types"
)

const configPrivilege = "VirtualMachine.Config."

// reconfigurePrivileges lists what a reconfiguration takes, by what it changes. Source: vSphere Web Services API,
// VirtualMachineConfigSpec, "Reconfigure privilege" of each property; ReconfigVM_Task for devices.
func reconfigurePrivileges(spec *types.VirtualMachineConfigSpec) []string {
	if spec == nil {
		return nil
	}
	var list []string
	need := func(when bool, name string) {
		if when {
			list = append(list, configPrivilege+name)
		}
	}
	need(spec.Name != "", "Rename")
	need(spec.Annotation != "", "Annotation")
	need(spec.NumCPUs != 0 || spec.NumCoresPerSocket != 0 || spec.CpuHotAddEnabled != nil || spec.CpuHotRemoveEnabled != nil, "CPUCount")
	need(spec.MemoryMB != 0 || spec.MemoryHotAddEnabled != nil, "Memory")
	need(spec.CpuAllocation != nil || spec.MemoryAllocation != nil || spec.MemoryReservationLockedToMax != nil, "Resource")
	need(spec.SwapPlacement != "", "SwapPlacement")
	need(len(spec.ExtraConfig) > 0, "AdvancedConfig")
	need(spec.GuestId != "" || spec.Flags != nil || spec.PowerOpInfo != nil || spec.BootOptions != nil || spec.Firmware != "" ||
		spec.Tools != nil || spec.Uuid != "" || spec.LatencySensitivity != nil, "Settings")
	for _, change := range spec.DeviceChange {
		device := change.GetVirtualDeviceConfigSpec()
		disk, isDisk := device.Device.(*types.VirtualDisk)
		switch {
		case isDisk && device.Operation == types.VirtualDeviceConfigSpecOperationAdd && device.FileOperation != "":
			need(true, "AddNewDisk")
		case isDisk && device.Operation == types.VirtualDeviceConfigSpecOperationAdd:
			need(true, "AddExistingDisk")
		case isDisk && device.Operation == types.VirtualDeviceConfigSpecOperationRemove:
			need(true, "RemoveDisk")
		case isDisk && (disk.CapacityInKB != 0 || disk.CapacityInBytes != 0):
			need(true, "DiskExtend")
		case device.Operation == types.VirtualDeviceConfigSpecOperationEdit:
			need(true, "EditDevice")
		default:
			need(true, "AddRemoveDevice")
		}
		if _, isCard := device.Device.(types.BaseVirtualEthernetCard); isCard && device.Operation != types.VirtualDeviceConfigSpecOperationRemove {
			list = append(list, "Network.Assign")
		}
		if isDisk && device.FileOperation == types.VirtualDeviceConfigSpecFileOperationCreate {
			list = append(list, "Datastore.AllocateSpace")
		}
	}
	return list
}

// clonePrivileges lists what a clone takes: on the template, the folder, the pool and the datastore, and for its spec.
func clonePrivileges(req *types.CloneVM_Task) []string {
	list := []string{
		"VirtualMachine.Provisioning.DeployTemplate", "VirtualMachine.Inventory.CreateFromExisting",
		"Resource.AssignVMToPool", "Datastore.AllocateSpace", "Network.Assign",
	}
	list = append(list, reconfigurePrivileges(req.Spec.Config)...)
	return append(list, reconfigurePrivileges(&types.VirtualMachineConfigSpec{DeviceChange: req.Spec.Location.DeviceChange})...)
}
