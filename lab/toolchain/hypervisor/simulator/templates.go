package simulator

import (
	"fmt"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// toolsVersion is open-vm-tools 12.2 as vSphere reports it.
const toolsVersion = "12325"

// addTemplate makes a VM with one disk, one card on the first port group and open-vm-tools, and marks it as template.
func (inv *inventory) addTemplate(ctx *simulator.Context, client *vim25.Client, want Inventory, template Template) error {
	group := findPortGroup(ctx, want.PortGroups[0])
	backing, err := object.NewDistributedVirtualPortgroup(client, group.Reference()).EthernetCardBackingInfo(ctx)
	if err != nil {
		return err
	}
	var devices object.VirtualDeviceList
	scsi, err := devices.CreateSCSIController("pvscsi")
	if err != nil {
		return err
	}
	devices = append(devices, scsi)
	file := fmt.Sprintf("[%s] %s/%s.vmdk", want.Datastore, template.Name, template.Name)
	disk := devices.CreateDisk(scsi.(types.BaseVirtualController), inv.datastore.Self, file)
	disk.CapacityInKB = template.DiskGiB * gib / 1024
	card, err := devices.CreateEthernetCard("vmxnet3", backing)
	if err != nil {
		return err
	}
	devices = append(devices, disk, card)
	changes, err := devices.ConfigSpec(types.VirtualDeviceConfigSpecOperationAdd)
	if err != nil {
		return err
	}
	pool, err := inv.cluster.ResourcePool(ctx)
	if err != nil {
		return err
	}
	task, err := inv.folders.VmFolder.CreateVM(ctx, types.VirtualMachineConfigSpec{
		Name: template.Name, GuestId: template.GuestID, Version: template.HardwareVersion,
		NumCPUs: template.CPUs, NumCoresPerSocket: 1, MemoryMB: template.MemoryMiB,
		Firmware: string(types.GuestOsDescriptorFirmwareTypeEfi), Annotation: template.Annotation,
		Files:        &types.VirtualMachineFileInfo{VmPathName: fmt.Sprintf("[%s] %s", want.Datastore, template.Name)},
		DeviceChange: changes,
	}, pool, nil)
	if err != nil {
		return err
	}
	info, err := task.WaitForResult(ctx, nil)
	if err != nil {
		return err
	}
	ref := info.Result.(types.ManagedObjectReference)
	ownBrowser(ctx, ctx.Map.Get(ref).(*simulator.VirtualMachine))
	ctx.Map.AtomicUpdate(ctx, ctx.Map.Get(ref), []types.PropertyChange{
		{Name: "config.swapPlacement", Val: "inherit"},
		{Name: "config.tools.toolsVersion", Val: int32(12325)},
		{Name: "guest.toolsVersion", Val: toolsVersion},
		{Name: "guest.toolsVersionStatus2", Val: string(types.VirtualMachineToolsVersionStatusGuestToolsUnmanaged)},
		{Name: "guest.toolsStatus", Val: types.VirtualMachineToolsStatusToolsNotRunning},
	})
	return object.NewVirtualMachine(client, ref).MarkAsTemplate(ctx)
}

func findPortGroup(ctx *simulator.Context, name string) *simulator.DistributedVirtualPortgroup {
	for _, entity := range ctx.Map.All("DistributedVirtualPortgroup") {
		if group := entity.(*simulator.DistributedVirtualPortgroup); group.Config.Name == name {
			return group
		}
	}
	return nil
}
