package simulator

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// hostFault is what a vCenter reports when the host could not do it; the reason is in it.
func hostFault(err error) types.BaseMethodFault {
	reason := types.LocalizableMessage{Key: "lab.hypervisor", Message: err.Error()}
	return &types.GenericVmConfigFault{
		VmConfigFault: types.VmConfigFault{VimFault: types.VimFault{MethodFault: types.MethodFault{
			FaultMessage: []types.LocalizableMessage{reason},
		}}},
		Reason: err.Error(),
	}
}

// finished wraps the outcome of work that was done within the call as a task that ends at once. A host's failure is
// returned as the call's fault instead: the simulator's tasks would keep its reason from the client's error message.
func (vm *virtualMachine) finished(ctx *simulator.Context, name string, fault types.BaseMethodFault, failure error) (types.ManagedObjectReference, *soap.Fault) {
	if failure != nil {
		vm.vcenter.events.add(vm.Name, name+"-failed", failure.Error())
		return types.ManagedObjectReference{}, simulator.Fault(failure.Error(), hostFault(failure))
	}
	task := simulator.CreateTask(vm.Reference(), name, func(*simulator.Task) (types.AnyType, types.BaseMethodFault) { return nil, fault })
	return task.Run(ctx), nil
}

// setPower changes the power state in the inventory alone.
func (vm *virtualMachine) setPower(ctx *simulator.Context, on bool) types.BaseMethodFault {
	var ref types.ManagedObjectReference
	if on {
		body := vm.VirtualMachine.PowerOnVMTask(ctx, &types.PowerOnVM_Task{This: vm.Self}).(*methods.PowerOnVM_TaskBody)
		if body.Fault_ != nil {
			return body.Fault_.VimFault().(types.BaseMethodFault)
		}
		ref = body.Res.Returnval
	} else {
		ref = vm.VirtualMachine.PowerOffVMTask(ctx, &types.PowerOffVM_Task{This: vm.Self}).(*methods.PowerOffVM_TaskBody).Res.Returnval
	}
	_, fault := await(ctx, ref)
	return fault
}

// PowerOnVMTask boots the VM's guest; the task succeeds once the guest's process 1 runs.
func (vm *virtualMachine) PowerOnVMTask(ctx *simulator.Context, req *types.PowerOnVM_Task) soap.HasFault {
	var failure error
	fault := vm.setPower(ctx, true)
	if fault == nil {
		if failure = vm.vcenter.boot(ctx, vm); failure != nil {
			_ = vm.setPower(ctx, false)
		}
	}
	task, failed := vm.finished(ctx, "powerOn", fault, failure)
	if failed != nil {
		return &methods.PowerOnVM_TaskBody{Fault_: failed}
	}
	return &methods.PowerOnVM_TaskBody{Res: &types.PowerOnVM_TaskResponse{Returnval: task}}
}

// PowerOffVMTask cuts the guest's power.
func (vm *virtualMachine) PowerOffVMTask(ctx *simulator.Context, req *types.PowerOffVM_Task) soap.HasFault {
	failure := vm.vcenter.kill(vm)
	fault := vm.setPower(ctx, false)
	if fault == nil {
		vm.forgetGuest(ctx)
	}
	task, failed := vm.finished(ctx, "powerOff", fault, failure)
	if failed != nil {
		return &methods.PowerOffVM_TaskBody{Fault_: failed}
	}
	return &methods.PowerOffVM_TaskBody{Res: &types.PowerOffVM_TaskResponse{Returnval: task}}
}

// ResetVMTask cuts the guest's power and boots it again.
func (vm *virtualMachine) ResetVMTask(ctx *simulator.Context, req *types.ResetVM_Task) soap.HasFault {
	var fault types.BaseMethodFault
	var failure error
	if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn {
		if failure = vm.vcenter.kill(vm); failure == nil {
			vm.forgetGuest(ctx)
			failure = vm.vcenter.boot(ctx, vm)
		}
		if failure != nil {
			_ = vm.setPower(ctx, false)
		}
	} else {
		fault = &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: vm.Runtime.PowerState,
		}
	}
	task, failed := vm.finished(ctx, "reset", fault, failure)
	if failed != nil {
		return &methods.ResetVM_TaskBody{Fault_: failed}
	}
	return &methods.ResetVM_TaskBody{Res: &types.ResetVM_TaskResponse{Returnval: task}}
}

// SuspendVMTask is refused: a container cannot be suspended to disk, and pretending would hide it.
func (vm *virtualMachine) SuspendVMTask(ctx *simulator.Context, req *types.SuspendVM_Task) soap.HasFault {
	return &methods.SuspendVM_TaskBody{Fault_: simulator.Fault("the lab's guests cannot be suspended", new(types.NotSupported))}
}

// toolsFault refuses what needs VMware Tools in a running guest, as a vCenter does.
func (vm *virtualMachine) toolsFault() *soap.Fault {
	switch {
	case vm.Runtime.PowerState != types.VirtualMachinePowerStatePoweredOn:
		return simulator.Fault("", &types.InvalidPowerState{
			RequestedState: types.VirtualMachinePowerStatePoweredOn, ExistingState: vm.Runtime.PowerState,
		})
	case vm.Guest.ToolsRunningStatus != string(types.VirtualMachineToolsRunningStatusGuestToolsRunning), vm.vcenter.running(vm.Self) == nil:
		return simulator.Fault("", new(types.ToolsUnavailable))
	}
	return nil
}

// ShutdownGuest asks the guest to power off and returns at once; the power state follows when it has.
func (vm *virtualMachine) ShutdownGuest(ctx *simulator.Context, req *types.ShutdownGuest) soap.HasFault {
	if fault := vm.toolsFault(); fault != nil {
		return &methods.ShutdownGuestBody{Fault_: fault}
	}
	if err := vm.vcenter.running(vm.Self).Shutdown(); err != nil {
		return &methods.ShutdownGuestBody{Fault_: simulator.Fault(err.Error(), hostFault(err))}
	}
	vm.vcenter.events.add(vm.Name, "shutdown-guest", "")
	return &methods.ShutdownGuestBody{Res: new(types.ShutdownGuestResponse)}
}

// RebootGuest asks the guest to reboot and returns at once.
func (vm *virtualMachine) RebootGuest(ctx *simulator.Context, req *types.RebootGuest) soap.HasFault {
	if fault := vm.toolsFault(); fault != nil {
		return &methods.RebootGuestBody{Fault_: fault}
	}
	if err := vm.vcenter.running(vm.Self).Reboot(); err != nil {
		return &methods.RebootGuestBody{Fault_: simulator.Fault(err.Error(), hostFault(err))}
	}
	vm.vcenter.events.add(vm.Name, "reboot-guest", "")
	return &methods.RebootGuestBody{Res: new(types.RebootGuestResponse)}
}
