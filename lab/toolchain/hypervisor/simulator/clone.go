package simulator

import (
	"github.com/google/uuid"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// await waits for a task of the simulator that was started within another.
func await(ctx *simulator.Context, ref types.ManagedObjectReference) (types.AnyType, types.BaseMethodFault) {
	task := ctx.Map.Get(ref).(*simulator.Task)
	task.Wait()
	if task.Info.Error != nil {
		return nil, task.Info.Error.Fault
	}
	return task.Info.Result, nil
}

// CloneVMTask clones as a vCenter does. The simulator's drops the spec's extraConfig, CPU and memory (it assigns to a
// copy), gives a clone the template's MAC addresses, a UUID that its successor of the same name gets again, and, where
// the spec edits the disk, the template's own disk file. So the simulator clones without the spec, and the spec is then
// applied to the clone by a reconfiguration that knows better.
func (vm *virtualMachine) CloneVMTask(ctx *simulator.Context, req *types.CloneVM_Task) soap.HasFault {
	task := simulator.CreateTask(vm.Reference(), "cloneVm", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		plain := *req
		plain.Spec.Config, plain.Spec.Location.DeviceChange = nil, nil
		plain.Spec.Template, plain.Spec.PowerOn = false, false
		inner := vm.VirtualMachine.CloneVMTask(ctx, &plain).(*methods.CloneVM_TaskBody)
		if inner.Fault_ != nil {
			return nil, inner.Fault_.VimFault().(types.BaseMethodFault)
		}
		result, fault := await(ctx, inner.Res.Returnval)
		if fault != nil {
			return nil, fault
		}
		clone := &virtualMachine{ctx.Map.Get(result.(types.ManagedObjectReference)).(*simulator.VirtualMachine), vm.vcenter}
		vm.vcenter.inherit(vm.Self, clone.Self)
		if fault := clone.finish(ctx, vm.VirtualMachine, req.Spec); fault != nil {
			_, _ = await(ctx, clone.DestroyTask(ctx, &types.Destroy_Task{This: clone.Self}).(*methods.Destroy_TaskBody).Res.Returnval)
			return nil, fault
		}
		vm.vcenter.events.add(req.Name, "cloned", "from "+vm.Name)
		return clone.Self, nil
	})
	return &methods.CloneVM_TaskBody{Res: &types.CloneVM_TaskResponse{Returnval: task.Run(ctx)}}
}

// finish gives a fresh clone its own identity and applies the clone's spec.
func (vm *virtualMachine) finish(ctx *simulator.Context, source *simulator.VirtualMachine, want types.VirtualMachineCloneSpec) types.BaseMethodFault {
	spec := types.VirtualMachineConfigSpec{}
	if want.Config != nil {
		spec = *want.Config
	}
	spec.DeviceChange = append(append([]types.BaseVirtualDeviceConfigSpec{}, want.Location.DeviceChange...), spec.DeviceChange...)
	if spec.Uuid == "" {
		spec.Uuid = uuid.NewString()
	}
	if spec.InstanceUuid == "" {
		spec.InstanceUuid = uuid.NewString()
	}
	if spec.Firmware == "" {
		spec.Firmware = source.Config.Firmware
	}
	if spec.Annotation == "" {
		spec.Annotation = source.Config.Annotation
	}
	ctx.WithLock(vm.VirtualMachine, func() {
		vm.ownAddresses(ctx, spec.Uuid)
		ownBrowser(ctx, vm.VirtualMachine)
		ctx.Update(vm.VirtualMachine, []types.PropertyChange{
			{Name: "config.swapPlacement", Val: "inherit"},
			{Name: "config.tools.toolsVersion", Val: source.Config.Tools.ToolsVersion},
			{Name: "guest.toolsVersion", Val: source.Guest.ToolsVersion},
			{Name: "guest.toolsVersionStatus2", Val: source.Guest.ToolsVersionStatus2},
			{Name: "guest.toolsStatus", Val: types.VirtualMachineToolsStatusToolsNotRunning},
		})
	})
	if _, fault := await(ctx, vm.ReconfigVMTask(ctx, &types.ReconfigVM_Task{This: vm.Self, Spec: spec}).(*methods.ReconfigVM_TaskBody).Res.Returnval); fault != nil {
		return fault
	}
	if want.Template {
		if done := vm.MarkAsTemplate(&types.MarkAsTemplate{This: vm.Self}); done.Fault() != nil {
			return done.Fault().VimFault().(types.BaseMethodFault)
		}
	}
	if want.PowerOn {
		started := vm.PowerOnVMTask(ctx, &types.PowerOnVM_Task{This: vm.Self}).(*methods.PowerOnVM_TaskBody)
		if started.Fault_ != nil {
			return started.Fault_.VimFault().(types.BaseMethodFault)
		}
		_, fault := await(ctx, started.Res.Returnval)
		return fault
	}
	return nil
}

// ownAddresses replaces the MAC addresses that the clone's cards copied from its source.
func (vm *virtualMachine) ownAddresses(ctx *simulator.Context, id string) {
	for _, device := range object.VirtualDeviceList(vm.Config.Hardware.Device).SelectByType((*types.VirtualEthernetCard)(nil)) {
		card := device.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
		old := card.MacAddress
		card.MacAddress = vm.vcenter.newMAC(ctx, id, card.Key)
		card.AddressType = string(types.VirtualEthernetCardMacTypeAssigned)
		for i := range vm.Guest.Net {
			if vm.Guest.Net[i].MacAddress == old {
				vm.Guest.Net[i].MacAddress = card.MacAddress
			}
		}
	}
}

// inherit notes which template's root a clone boots.
func (v *VCenter) inherit(source, clone types.ManagedObjectReference) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if template, ok := v.origins[source]; ok {
		v.origins[clone] = template
	}
}
