package simulator

import (
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// ReconfigVMTask reconfigures as a vCenter does: an edit of a device keeps what the caller copied from elsewhere from
// becoming the VM's, a new card gets an address of its own, and settings that the simulator ignores are kept.
func (vm *virtualMachine) ReconfigVMTask(ctx *simulator.Context, req *types.ReconfigVM_Task) soap.HasFault {
	task := simulator.CreateTask(vm.Reference(), "reconfigVm", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		if !vm.Config.Template {
			if fault := vm.ownDevices(ctx, req.Spec.DeviceChange); fault != nil {
				return nil, fault
			}
		}
		inner := vm.VirtualMachine.ReconfigVMTask(ctx, req).(*methods.ReconfigVM_TaskBody)
		if _, fault := await(ctx, inner.Res.Returnval); fault != nil {
			return nil, fault
		}
		ctx.WithLock(vm.VirtualMachine, func() { vm.keepIgnored(ctx, req.Spec) })
		return nil, nil
	})
	return &methods.ReconfigVM_TaskBody{Res: &types.ReconfigVM_TaskResponse{Returnval: task.Run(ctx)}}
}

// ownDevices corrects a caller's device changes in place.
func (vm *virtualMachine) ownDevices(ctx *simulator.Context, changes []types.BaseVirtualDeviceConfigSpec) types.BaseMethodFault {
	have := object.VirtualDeviceList(vm.Config.Hardware.Device)
	for i, change := range changes {
		spec := change.GetVirtualDeviceConfigSpec()
		switch device := spec.Device.(type) {
		case *types.VirtualDisk:
			switch {
			case spec.Operation == types.VirtualDeviceConfigSpecOperationAdd && spec.FileOperation == "":
				if err := vm.vcenter.adoptCapacity(device); err != nil {
					return &types.InvalidDeviceBacking{InvalidDeviceSpec: types.InvalidDeviceSpec{DeviceIndex: int32(i)}}
				}
			case spec.Operation == types.VirtualDeviceConfigSpecOperationEdit:
				// CAPV and others edit the clone's disk with the template's backing. The file is the clone's all the same.
				if own, ok := have.FindByKey(device.Key).(*types.VirtualDisk); ok {
					device.Backing = own.Backing
				}
			}
		case types.BaseVirtualEthernetCard:
			card := device.GetVirtualEthernetCard()
			if strings.EqualFold(card.AddressType, string(types.VirtualEthernetCardMacTypeManual)) && card.MacAddress != "" {
				continue
			}
			switch spec.Operation {
			case types.VirtualDeviceConfigSpecOperationAdd:
				card.MacAddress = vm.vcenter.newMAC(ctx, vm.Config.Uuid, int32(i))
				card.AddressType = string(types.VirtualEthernetCardMacTypeAssigned)
			case types.VirtualDeviceConfigSpecOperationEdit:
				if own, ok := have.FindByKey(card.Key).(types.BaseVirtualEthernetCard); ok {
					card.MacAddress = own.GetVirtualEthernetCard().MacAddress
					card.AddressType = own.GetVirtualEthernetCard().AddressType
				}
			}
		}
	}
	return nil
}

// keepIgnored stores what the simulator's reconfiguration drops.
func (vm *virtualMachine) keepIgnored(ctx *simulator.Context, spec types.VirtualMachineConfigSpec) {
	var changes []types.PropertyChange
	if spec.SwapPlacement != "" {
		changes = append(changes, types.PropertyChange{Name: "config.swapPlacement", Val: spec.SwapPlacement})
	}
	if spec.PowerOpInfo != nil {
		changes = append(changes, types.PropertyChange{Name: "config.defaultPowerOps", Val: *spec.PowerOpInfo})
	}
	if len(changes) > 0 {
		ctx.Update(vm.VirtualMachine, changes)
	}
}
