package simulator

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// environmentBrowser knows the hardware version of its VM. The simulator has one browser for a whole cluster, which says
// version 0; before every change that needs a power-off the provider asks it, and would then "upgrade" each VM.
type environmentBrowser struct{ *simulator.EnvironmentBrowser }

// ownBrowser gives a VM an environment browser of its own, as each VM of a vCenter has, that answers as its cluster's.
func ownBrowser(ctx *simulator.Context, vm *simulator.VirtualMachine) {
	shared := ctx.Map.Get(vm.EnvironmentBrowser).(*simulator.EnvironmentBrowser)
	target := shared.QueryConfigTarget(ctx, &types.QueryConfigTarget{This: shared.Self}).(*methods.QueryConfigTargetBody)
	own := &simulator.EnvironmentBrowser{
		QueryConfigTargetResponse:           *target.Res,
		QueryConfigOptionDescriptorResponse: shared.QueryConfigOptionDescriptorResponse,
	}
	ctx.Map.Put(own)
	ctx.Update(vm, []types.PropertyChange{{Name: "environmentBrowser", Val: own.Self}})
}

// QueryConfigOption answers for the version that is asked for, and else for the VM's own.
func (b *environmentBrowser) QueryConfigOption(ctx *simulator.Context, req *types.QueryConfigOption) soap.HasFault {
	body := b.EnvironmentBrowser.QueryConfigOption(req).(*methods.QueryConfigOptionBody)
	option := *body.Res.Returnval
	if req.Key != "" {
		option.Version = req.Key
	} else {
		for _, entity := range ctx.Map.All("VirtualMachine") {
			if vm := entity.(*simulator.VirtualMachine); vm.EnvironmentBrowser == b.Self {
				option.Version = vm.Config.Version
			}
		}
	}
	if version, err := types.ParseHardwareVersion(option.Version); err == nil {
		option.HardwareOptions.HwVersion = int32(version)
	}
	return &methods.QueryConfigOptionBody{Res: &types.QueryConfigOptionResponse{Returnval: &option}}
}
