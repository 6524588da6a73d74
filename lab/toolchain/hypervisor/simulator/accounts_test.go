package simulator

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

func TestPasswordsAreChecked(t *testing.T) {
	config := testConfig(t)
	config.ReadOnlyUser = &Account{Username: "preview@vsphere.local", Password: "look"}
	s := startSite(t, config)
	for _, login := range [][2]string{{testUser, "wrong"}, {"other", testPassword}, {testUser, ""}, {testUser, "look"}} {
		if _, err := s.login(login[0], login[1]); err == nil {
			t.Errorf("%q with %q was let in", login[0], login[1])
		}
	}
	for _, path := range []string{"/folder/?dcPath=Siziano&dsName=vsan", "/about"} {
		response, err := s.client.Client.Client.DefaultTransport().RoundTrip(anonymous(t, s, path))
		must(t, err)
		_, _ = io.Copy(io.Discard, response.Body)
		response.Body.Close()
		if response.StatusCode < 400 {
			t.Errorf("%s answers %d to anyone", path, response.StatusCode)
		}
	}
}

func anonymous(t *testing.T, s *site, path string) *http.Request {
	t.Helper()
	request, err := http.NewRequest("GET", "https://"+s.vcenter.server.URL.Host+path, nil)
	must(t, err)
	return request
}

func refusedFor(err error) string {
	if soap.IsSoapFault(err) {
		if fault, ok := soap.ToSoapFault(err).VimFault().(types.NoPermission); ok {
			return fault.PrivilegeId
		}
	}
	return ""
}

func TestReadOnlyUserChangesNothing(t *testing.T) {
	config := testConfig(t)
	config.ReadOnlyUser = &Account{Username: "preview@vsphere.local", Password: "look"}
	s := startSite(t, config)
	client, err := s.login("preview@vsphere.local", "look")
	must(t, err)
	vm := s.clone("jump", nil)
	mine := object.NewVirtualMachine(client.Client, vm.Reference())
	if name, err := mine.ObjectName(s.ctx); err != nil || name != "jump" {
		t.Errorf("cannot look: %q, %v", name, err)
	}
	if _, err := mine.PowerOn(s.ctx); refusedFor(err) != "VirtualMachine.Interact.PowerOn" {
		t.Errorf("power on: %v", err)
	}
	if _, err := mine.Destroy(s.ctx); refusedFor(err) != "VirtualMachine.Inventory.Delete" {
		t.Errorf("destroy: %v", err)
	}
	if _, err := mine.Rename(s.ctx, "other"); refusedFor(err) == "" {
		t.Errorf("rename: %v", err)
	}
	tagging := rest.NewClient(client.Client)
	must(t, tagging.Login(s.ctx, url.UserPassword("preview@vsphere.local", "look")))
	if _, err := tags.NewManager(tagging).CreateCategory(s.ctx, &tags.Category{Name: "x"}); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("create a tag category: %v", err)
	}
	if _, err := tags.NewManager(tagging).ListCategories(s.ctx); err != nil {
		t.Errorf("list tag categories: %v", err)
	}
	if _, err := object.NewRootFolder(client.Client).CreateFolder(s.ctx, "x"); refusedFor(err) != "Folder.Create" {
		t.Errorf("create folder: %v", err)
	}
}

func TestPrivilegesAreThoseOfTheConfig(t *testing.T) {
	config := testConfig(t)
	config.Privileges = []string{
		"VirtualMachine.Provisioning.DeployTemplate", "VirtualMachine.Inventory.CreateFromExisting", "Resource.AssignVMToPool",
		"Datastore.AllocateSpace", "Network.Assign", "VirtualMachine.Config.CPUCount",
	}
	s := startSite(t, config)
	root := s.client.ServiceContent.RootFolder
	manager := object.NewAuthorizationManager(s.client.Client)
	fetched, err := manager.FetchUserPrivilegeOnEntities(s.ctx, []types.ManagedObjectReference{root}, testUser)
	must(t, err)
	if list := strings.Join(fetched[0].Privileges, " "); !strings.Contains(list, "DeployTemplate") || !strings.Contains(list, "System.View") || strings.Contains(list, "PowerOn") {
		t.Errorf("privileges: %s", list)
	}
	current, err := s.client.SessionManager.UserSession(s.ctx)
	must(t, err)
	answer, err := methods.HasPrivilegeOnEntities(s.ctx, s.client.Client, &types.HasPrivilegeOnEntities{
		This: manager.Reference(), Entity: []types.ManagedObjectReference{root}, SessionId: current.Key,
		PrivId: []string{"VirtualMachine.Interact.PowerOn", "VirtualMachine.Provisioning.DeployTemplate"},
	})
	must(t, err)
	if got := answer.Returnval[0].PrivAvailability; got[0].IsGranted || !got[1].IsGranted {
		t.Errorf("availability: %+v", got)
	}
	vm := s.clone("jump", &types.VirtualMachineConfigSpec{NumCPUs: 2})
	if _, err := vm.PowerOn(s.ctx); refusedFor(err) != "VirtualMachine.Interact.PowerOn" {
		t.Errorf("power on: %v", err)
	}
	if _, err := vm.Reconfigure(s.ctx, types.VirtualMachineConfigSpec{MemoryMB: 2048}); refusedFor(err) != "VirtualMachine.Config.Memory" {
		t.Errorf("more memory: %v", err)
	}
	config.Privileges = nil
	s.vcenter.SetAccounts(config)
	if _, err := vm.PowerOn(s.ctx); refusedFor(err) != "" {
		t.Errorf("power on with every privilege: %v", err)
	}
}
