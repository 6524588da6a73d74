package simulator

import (
	"crypto/subtle"
	"slices"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/esx"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// SetAccounts replaces the accounts, with their passwords and privileges, by those of a config.
func (v *VCenter) SetAccounts(config *Config) {
	list := []Account{config.Account}
	if config.ReadOnlyUser != nil {
		readOnly := *config.ReadOnlyUser
		readOnly.Privileges = object.AuthorizationRoleList(esx.RoleList).ByName("ReadOnly").Privilege
		list = append(list, readOnly)
	}
	v.mu.Lock()
	v.accountList = list
	v.mu.Unlock()
	v.events.add("", "accounts-set", "")
}

func (v *VCenter) accounts() []Account {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.accountList
}

func (v *VCenter) validLogin(login *types.Login) bool {
	for _, account := range v.accounts() {
		// Both in constant time and always: a stand-in should not teach that timing does not matter.
		name := subtle.ConstantTimeCompare([]byte(account.Username), []byte(login.UserName))
		password := subtle.ConstantTimeCompare([]byte(account.Password), []byte(login.Password))
		if name&password == 1 {
			return true
		}
	}
	return false
}

// granted says whether a user has a privilege; the unnamed user is the simulator itself, inside this process.
func (v *VCenter) granted(user, privilege string) bool {
	if user == "" {
		return true
	}
	for _, account := range v.accounts() {
		if account.Username == user {
			return len(account.Privileges) == 0 || strings.HasPrefix(privilege, "System.") || slices.Contains(account.Privileges, privilege)
		}
	}
	return false
}

// privileges lists what a user has.
func (v *VCenter) privileges(user string) []string {
	var list []string
	for _, privilege := range object.AuthorizationRoleList(esx.RoleList).ByName("Admin").Privilege {
		if v.granted(user, privilege) {
			list = append(list, privilege)
		}
	}
	return list
}

// authorization answers from the accounts of the config; the simulator's grants everything to everyone.
type authorization struct {
	*simulator.AuthorizationManager
	vcenter *VCenter
}

func (a *authorization) check(user string, entities []types.ManagedObjectReference, privileges []string) []types.EntityPrivilege {
	var result []types.EntityPrivilege
	for _, entity := range entities {
		answer := types.EntityPrivilege{Entity: entity}
		for _, privilege := range privileges {
			answer.PrivAvailability = append(answer.PrivAvailability, types.PrivilegeAvailability{
				PrivId: privilege, IsGranted: a.vcenter.granted(user, privilege),
			})
		}
		result = append(result, answer)
	}
	return result
}

// userOf finds the user of a session; a session that is not the caller's is not looked up for it.
func userOf(ctx *simulator.Context, session string) (string, *soap.Fault) {
	if ctx.Session.Key != session {
		return "", simulator.Fault("only the caller's own session can be asked about", &types.InvalidArgument{InvalidProperty: "sessionId"})
	}
	return ctx.Session.UserName, nil
}

// HasPrivilegeOnEntities answers for the caller's own session.
func (a *authorization) HasPrivilegeOnEntities(ctx *simulator.Context, req *types.HasPrivilegeOnEntities) soap.HasFault {
	user, fault := userOf(ctx, req.SessionId)
	if fault != nil {
		return &methods.HasPrivilegeOnEntitiesBody{Fault_: fault}
	}
	return &methods.HasPrivilegeOnEntitiesBody{Res: &types.HasPrivilegeOnEntitiesResponse{Returnval: a.check(user, req.Entity, req.PrivId)}}
}

// HasPrivilegeOnEntity answers for the caller's own session.
func (a *authorization) HasPrivilegeOnEntity(ctx *simulator.Context, req *types.HasPrivilegeOnEntity) soap.HasFault {
	user, fault := userOf(ctx, req.SessionId)
	if fault != nil {
		return &methods.HasPrivilegeOnEntityBody{Fault_: fault}
	}
	var result []bool
	for _, privilege := range req.PrivId {
		result = append(result, a.vcenter.granted(user, privilege))
	}
	return &methods.HasPrivilegeOnEntityBody{Res: &types.HasPrivilegeOnEntityResponse{Returnval: result}}
}

// HasUserPrivilegeOnEntities answers for a user by name.
func (a *authorization) HasUserPrivilegeOnEntities(ctx *simulator.Context, req *types.HasUserPrivilegeOnEntities) soap.HasFault {
	return &methods.HasUserPrivilegeOnEntitiesBody{Res: &types.HasUserPrivilegeOnEntitiesResponse{
		Returnval: a.check(req.UserName, req.Entities, req.PrivId),
	}}
}

// FetchUserPrivilegeOnEntities lists a user's privileges.
func (a *authorization) FetchUserPrivilegeOnEntities(ctx *simulator.Context, req *types.FetchUserPrivilegeOnEntities) soap.HasFault {
	var result []types.UserPrivilegeResult
	for _, entity := range req.Entities {
		result = append(result, types.UserPrivilegeResult{Entity: entity, Privileges: a.vcenter.privileges(req.UserName)})
	}
	return &methods.FetchUserPrivilegeOnEntitiesBody{Res: &types.FetchUserPrivilegeOnEntitiesResponse{Returnval: result}}
}
