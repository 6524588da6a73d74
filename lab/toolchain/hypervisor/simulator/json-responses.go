package simulator

import (
	"reflect"

	"github.com/vmware/govmomi/vim25/types"
)

// jsonResponses maps the name of a response element to its type: govmomi registers requests and data, but no responses.
var jsonResponses = responseTypes(
	types.LoginResponse{},
	types.LogoutResponse{},
	types.RetrieveServiceContentResponse{},
	types.CurrentTimeResponse{},
	types.SessionIsActiveResponse{},
	types.RetrievePropertiesResponse{},
	types.RetrievePropertiesExResponse{},
	types.ContinueRetrievePropertiesExResponse{},
	types.CancelRetrievePropertiesExResponse{},
	types.CreateFilterResponse{},
	types.DestroyPropertyFilterResponse{},
	types.WaitForUpdatesExResponse{},
	types.CreateContainerViewResponse{},
	types.DestroyViewResponse{},
	types.FindByInventoryPathResponse{},
	types.FindByIpResponse{},
	types.FindAllByIpResponse{},
	types.FindByDnsNameResponse{},
	types.FindAllByDnsNameResponse{},
	types.FindByUuidResponse{},
	types.FindAllByUuidResponse{},
	types.FindChildResponse{},
	types.FetchUserPrivilegeOnEntitiesResponse{},
	types.HasPrivilegeOnEntitiesResponse{},
	types.HasPrivilegeOnEntityResponse{},
	types.HasUserPrivilegeOnEntitiesResponse{},
	types.RetrieveEntityPermissionsResponse{},
	types.CreateFolderResponse{},
	types.CloneVM_TaskResponse{},
	types.ReconfigVM_TaskResponse{},
	types.PowerOnVM_TaskResponse{},
	types.PowerOffVM_TaskResponse{},
	types.ResetVM_TaskResponse{},
	types.ShutdownGuestResponse{},
	types.RebootGuestResponse{},
	types.Destroy_TaskResponse{},
	types.QueryOptionsResponse{},
	types.RefreshDatastoreResponse{},
	types.SearchDatastore_TaskResponse{},
)

func responseTypes(samples ...any) map[string]reflect.Type {
	table := map[string]reflect.Type{}
	for _, sample := range samples {
		kind := reflect.TypeOf(sample)
		table[kind.Name()] = kind
	}
	return table
}
