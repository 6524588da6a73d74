package simulator

import (
	"regexp"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"
)

// reading matches the calls that change nothing but the caller's own session, for which being logged in is enough.
var reading = regexp.MustCompile(`^(Retrieve|Query|Find|Fetch|Has|Wait|Check|Continue|Read|Search|List|Get|Log|Acquire|Browse|Current|Cancel|SessionIsActive|Set(Locale|CollectorPageSize)|Create(Filter|PropertyCollector|ContainerView|ListView|InventoryView|CollectorFor)|Modify(ListView)|Reset(ListView|Collector)|Rewind|Destroy(PropertyFilter|PropertyCollector|View|Collector)|RefreshStorageInfo|RefreshDatastore|RecommendDatastores|PlaceVm|Estimate|DVSManagerLookup|ValidateMigration)`)

// required names the privilege without which a vCenter refuses a method. From the vSphere Web Services API reference,
// "Required Privileges" of each method; Clone and
// reconfiguration depend on their arguments, destroying and renaming on the object's type: see privilegesFor. A call found neither here nor above is refused to accounts with a list of privileges: a role is then shown to
// suffice, rather than assumed to.
var required = map[string][]string{
	"CreateVM_Task":                   {"VirtualMachine.Inventory.Create"},
	"PowerOnVM_Task":                  {"VirtualMachine.Interact.PowerOn"},
	"PowerOffVM_Task":                 {"VirtualMachine.Interact.PowerOff"},
	"ShutdownGuest":                   {"VirtualMachine.Interact.PowerOff"},
	"ResetVM_Task":                    {"VirtualMachine.Interact.Reset"},
	"RebootGuest":                     {"VirtualMachine.Interact.Reset"},
	"SuspendVM_Task":                  {"VirtualMachine.Interact.Suspend"},
	"UnregisterVM":                    {"VirtualMachine.Inventory.Unregister"},
	"MarkAsTemplate":                  {"VirtualMachine.Provisioning.MarkAsTemplate"},
	"MarkAsVirtualMachine":            {"VirtualMachine.Provisioning.MarkAsVM"},
	"UpgradeVM_Task":                  {"VirtualMachine.Config.UpgradeVirtualHardware"},
	"RelocateVM_Task":                 {"Resource.ColdMigrate"},
	"CreateSnapshot_Task":             {"VirtualMachine.State.CreateSnapshot"},
	"CreateSnapshotEx_Task":           {"VirtualMachine.State.CreateSnapshot"},
	"RemoveAllSnapshots_Task":         {"VirtualMachine.State.RemoveSnapshot"},
	"CreateFolder":                    {"Folder.Create"},
	"MoveIntoFolder_Task":             {"Folder.Move"},
	"CreateResourcePool":              {"Resource.CreatePool"},
	"UpdateConfig":                    {"Resource.EditPool"},
	"ReconfigureComputeResource_Task": {"Host.Inventory.EditCluster"},
	"CreateVirtualDisk_Task":          {"Datastore.FileManagement"},
	"DeleteVirtualDisk_Task":          {"Datastore.FileManagement"},
	"ExtendVirtualDisk_Task":          {"Datastore.FileManagement"},
	"MoveVirtualDisk_Task":            {"Datastore.FileManagement"},
	"CopyVirtualDisk_Task":            {"Datastore.FileManagement"},
	"SetVirtualDiskUuid":              {"Datastore.FileManagement"},
	"MakeDirectory":                   {"Datastore.FileManagement"},
	"DeleteDatastoreFile_Task":        {"Datastore.FileManagement"},
	"MoveDatastoreFile_Task":          {"Datastore.FileManagement"},
	"CopyDatastoreFile_Task":          {"Datastore.FileManagement"},
	"SetField":                        {"Global.SetCustomField"},
	"AddCustomFieldDef":               {"Global.ManageCustomFields"},
}

// removing says what it takes to destroy or rename an object, by its type.
var removing = map[string]map[string]string{
	"Destroy_Task": {"VirtualMachine": "VirtualMachine.Inventory.Delete", "Folder": "Folder.Delete", "ResourcePool": "Resource.DeletePool"},
	"Rename_Task":  {"VirtualMachine": "VirtualMachine.Config.Rename", "Folder": "Folder.Rename", "ResourcePool": "Resource.RenamePool"},
}

// authorise refuses what the caller may not do, where the simulator would let it.
func (v *VCenter) authorise(ctx *simulator.Context, method *simulator.Method) types.BaseMethodFault {
	if ctx.Session == nil {
		switch method.Name {
		case "LoginByToken", "LoginExtensionByCertificate", "ImpersonateUser":
			// The simulator accepts any token or certificate without looking at it.
			return new(types.InvalidLogin)
		case "Fetch", "RetrieveProperties", "RetrievePropertiesEx":
			if method.This.Type != vim25.ServiceInstance.Type {
				return &types.NotAuthenticated{NoPermission: types.NoPermission{Object: &method.This, PrivilegeId: "System.View"}}
			}
		}
		return nil
	}
	user := ctx.Session.UserName
	if method.Name == "ImpersonateUser" {
		return &types.NoPermission{Object: &method.This, PrivilegeId: "Sessions.ImpersonateUser"}
	}
	if v.unrestricted(user) || reading.MatchString(method.Name) {
		return nil
	}
	privileges, known := privilegesFor(method)
	if !known {
		return &types.NoPermission{Object: &method.This, PrivilegeId: "unknown to the lab for " + method.This.Type + "." + method.Name}
	}
	for _, privilege := range privileges {
		if !v.granted(user, privilege) {
			return &types.NoPermission{Object: &method.This, PrivilegeId: privilege}
		}
	}
	return nil
}

// privilegesFor lists what a call takes, and whether that is known.
func privilegesFor(method *simulator.Method) ([]string, bool) {
	switch request := method.Body.(type) {
	case *types.CloneVM_Task:
		return clonePrivileges(request), true
	case *types.ReconfigVM_Task:
		return reconfigurePrivileges(&request.Spec), true
	case *types.Destroy_Task, *types.Rename_Task:
		privilege, known := removing[method.Name][method.This.Type]
		return []string{privilege}, known
	}
	privileges, known := required[method.Name]
	return privileges, known
}

// unrestricted accounts have every privilege.
func (v *VCenter) unrestricted(user string) bool {
	return v.granted(user, "any privilege whatever")
}
