package simulator

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// virtualMachine overrides the simulator's VM where a vCenter does more, or something else.
type virtualMachine struct {
	*simulator.VirtualMachine
	vcenter *VCenter
}

// intercept sees every call first: it refuses what the caller may not do, and puts our own implementation in the place
// of the simulator's.
//
// The registry must go on holding the simulator's own types, which it asserts everywhere. And the object returned from
// here is not used for a caller with a session, because that call looks the object up in the session's registry again.
// So the override goes into a registry that replaces the session's for this one call; the session itself was copied for it.
func (v *VCenter) intercept(ctx *simulator.Context, method *simulator.Method) (mo.Reference, types.BaseMethodFault) {
	if fault := v.authorise(ctx, method); fault != nil {
		return nil, fault
	}
	var override mo.Reference
	switch object := ctx.Map.Get(method.This).(type) {
	case *simulator.VirtualMachine:
		override = &virtualMachine{object, v}
	case *simulator.AuthorizationManager:
		override = &authorization{object, v}
	case *simulator.EnvironmentBrowser:
		override = &environmentBrowser{object}
	case *simulator.HostDatastoreBrowser:
		override = &datastoreBrowser{object, v}
	case *simulator.Datastore:
		override = &datastore{object, v}
	default:
		return nil, nil
	}
	if ctx.Session != nil {
		ctx.Session.Registry = simulator.NewRegistry()
		ctx.Session.Registry.Put(override)
	}
	return override, nil
}
