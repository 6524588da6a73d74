package simulator

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// DestroyTask destroys the VM and the disks that are attached to it. A disk that was detached before stays, even where
// it lies in the VM's folder: the simulator deletes the folder, a vCenter only the VM's own files in it.
func (vm *virtualMachine) DestroyTask(ctx *simulator.Context, req *types.Destroy_Task) soap.HasFault {
	task := simulator.CreateTask(vm.Reference(), "destroy", func(*simulator.Task) (types.AnyType, types.BaseMethodFault) {
		folder := vm.Config.Files.LogDirectory
		if vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOff {
			vm.Config.Files.LogDirectory = path.Join(folder, "vmware.log") // what the simulator deletes last
		}
		inner := vm.VirtualMachine.DestroyTask(ctx, req).(*methods.Destroy_TaskBody)
		if _, fault := await(ctx, inner.Res.Returnval); fault != nil {
			vm.Config.Files.LogDirectory = folder
			return nil, fault
		}
		ctx.Map.Remove(ctx, vm.EnvironmentBrowser)
		if err := errors.Join(vm.vcenter.forget(vm.Self), vm.vcenter.removeOwnFiles(folder)); err != nil {
			return nil, hostFault(err)
		}
		vm.vcenter.events.add(vm.Name, "destroyed", "")
		return nil, nil
	})
	return &methods.Destroy_TaskBody{Res: &types.Destroy_TaskResponse{Returnval: task.Run(ctx)}}
}

// removeOwnFiles deletes a destroyed VM's files, and its folder if nothing else lies in it.
func (v *VCenter) removeOwnFiles(folder string) error {
	_, name, _ := strings.Cut(folder, "] ")
	dir := filepath.Join(v.config.datastoreDir(), name)
	if name == "" || filepath.Dir(dir) != v.config.datastoreDir() {
		return nil // not a folder of its own
	}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	foreign := false
	for _, entry := range entries {
		if filepath.Ext(entry.Name()) == ".vmdk" || entry.IsDir() {
			foreign = true
		} else if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	if foreign {
		return nil
	}
	return os.Remove(dir)
}
