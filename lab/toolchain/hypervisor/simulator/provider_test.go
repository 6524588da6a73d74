package simulator

import (
	"net/url"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vapi/rest"
	"github.com/vmware/govmomi/vapi/tags"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// What the provider reads back must be what it wrote, or every refresh shows a difference.

func TestCategoriesNameBareTypes(t *testing.T) {
	s := startSite(t, testConfig(t))
	client := rest.NewClient(s.client.Client)
	if err := client.Login(s.ctx, url.UserPassword(testUser, "wrong")); err == nil {
		t.Error("a wrong password was accepted")
	}
	must(t, client.Login(s.ctx, url.UserPassword(testUser, testPassword)))
	manager := tags.NewManager(client)
	id, err := manager.CreateCategory(s.ctx, &tags.Category{
		Name: "site", Description: "urn:vim25: stays", Cardinality: "SINGLE", AssociableTypes: []string{"urn:vim25:VirtualMachine", "Folder"},
	})
	must(t, err)
	category, err := manager.GetCategory(s.ctx, id)
	must(t, err)
	if got := category.AssociableTypes; len(got) != 2 || got[0] != "VirtualMachine" || got[1] != "Folder" || category.Description != "urn:vim25: stays" {
		t.Errorf("read back as %+v", category)
	}
	category.AssociableTypes = []string{"urn:vim25:VirtualMachine", "urn:vim25:Folder", "urn:vim25:Datastore"}
	must(t, manager.UpdateCategory(s.ctx, category))
	tag, err := manager.CreateTag(s.ctx, &tags.Tag{Name: "siziano", CategoryID: id})
	must(t, err)
	vm := s.clone("jump", nil)
	must(t, manager.AttachTag(s.ctx, tag, vm.Reference()))
	attached, err := manager.GetAttachedTags(s.ctx, vm.Reference())
	must(t, err)
	if len(attached) != 1 || attached[0].ID != tag {
		t.Errorf("attached: %+v", attached)
	}
}

func TestBrowserKnowsTheCapacityOfDisks(t *testing.T) {
	s := startSite(t, testConfig(t))
	datacenter, err := s.finder.DefaultDatacenter(s.ctx)
	must(t, err)
	disks := object.NewVirtualDiskManager(s.client.Client)
	s.wait(disks.CreateVirtualDisk(s.ctx, "[vsan] etcd.vmdk", datacenter, &types.FileBackedVirtualDiskSpec{
		VirtualDiskSpec: types.VirtualDiskSpec{DiskType: "thin", AdapterType: "lsiLogic"}, CapacityKb: 3 * gib / 1024,
	}))
	datastore := object.NewDatastore(s.client.Client, s.vcenter.inventory.datastore.Self)
	browser, err := datastore.Browser(s.ctx)
	must(t, err)
	info := s.wait(browser.SearchDatastore(s.ctx, "[vsan]", &types.HostDatastoreBrowserSearchSpec{
		MatchPattern: []string{"etcd.vmdk"}, Details: &types.FileQueryFlags{FileType: true, FileSize: true},
		Query: []types.BaseFileQuery{&types.VmDiskFileQuery{Details: &types.VmDiskFileQueryFlags{CapacityKb: true}}},
	}))
	found := info.Result.(types.HostDatastoreBrowserSearchResults).File
	if len(found) != 1 || found[0].(*types.VmDiskFileInfo).CapacityKb != 3*gib/1024 {
		t.Errorf("found %+v", found)
	}
	info = s.wait(browser.SearchDatastore(s.ctx, "[vsan]", nil))
	if all := info.Result.(types.HostDatastoreBrowserSearchResults).File; len(all) != 3 { // the disk's two, the template's folder
		t.Errorf("without a search spec %d files", len(all))
	}
}

func TestReconfigurationIsReadBack(t *testing.T) {
	s := startSite(t, testConfig(t))
	vm := s.clone("jump", nil)
	s.wait(vm.Reconfigure(s.ctx, types.VirtualMachineConfigSpec{
		SwapPlacement: "vmDirectory", NumCPUs: 2,
		ExtraConfig: []types.BaseOptionValue{&types.OptionValue{Key: "guestinfo.metadata", Value: "abc"}},
	}))
	properties := s.properties(vm)
	if properties.Config.SwapPlacement != "vmDirectory" || properties.Config.Hardware.NumCPU != 2 || extraConfig(properties, "guestinfo.metadata") != "abc" {
		t.Errorf("swap %q, %d CPUs", properties.Config.SwapPlacement, properties.Config.Hardware.NumCPU)
	}
	s.wait(vm.Reconfigure(s.ctx, types.VirtualMachineConfigSpec{
		ExtraConfig: []types.BaseOptionValue{&types.OptionValue{Key: "guestinfo.metadata", Value: ""}},
	}))
	if value := extraConfig(s.properties(vm), "guestinfo.metadata"); value != nil {
		t.Errorf("a cleared value is still %q", value)
	}
}

func TestEachVMKnowsItsHardwareVersion(t *testing.T) {
	s := startSite(t, testConfig(t))
	vm := s.properties(s.clone("jump", nil))
	answer, err := methods.QueryConfigOption(s.ctx, s.client.Client, &types.QueryConfigOption{This: vm.EnvironmentBrowser})
	must(t, err)
	if option := answer.Returnval; option.Version != "vmx-19" || option.HardwareOptions.HwVersion != 19 {
		t.Errorf("version %q, hardware version %d", option.Version, option.HardwareOptions.HwVersion)
	}
}

func TestInventoryIsTheSitesAndNothingElse(t *testing.T) {
	s := startSite(t, testConfig(t))
	count := map[string]int{}
	for _, entity := range s.vcenter.ctx.Map.All("") {
		count[entity.Reference().Type]++
	}
	want := map[string]int{
		"Datacenter": 1, "ClusterComputeResource": 1, "HostSystem": 2, "Datastore": 1,
		"DistributedVirtualPortgroup": 2, // the site's, and the switch's uplinks
		"VirtualMachine":              1, "Network": 0, "VmwareDistributedVirtualSwitch": 1, "ResourcePool": 1, "VirtualApp": 0,
	}
	for kind, number := range want {
		if count[kind] != number && !(kind == "VmwareDistributedVirtualSwitch" && count["DistributedVirtualSwitch"] == 1) {
			t.Errorf("%d of %s, want %d", count[kind], kind, number)
		}
	}
	cluster, err := s.finder.ClusterComputeResource(s.ctx, "compute")
	must(t, err)
	var properties mo.ClusterComputeResource
	must(t, cluster.Properties(s.ctx, cluster.Reference(), []string{"configurationEx", "network"}, &properties))
	if !*properties.ConfigurationEx.(*types.ClusterConfigInfoEx).DrsConfig.Enabled || len(properties.Network) != 2 {
		t.Errorf("cluster: %+v", properties)
	}
}

func TestAntiAffinityRule(t *testing.T) {
	s := startSite(t, testConfig(t))
	cluster, err := s.finder.ClusterComputeResource(s.ctx, "compute")
	must(t, err)
	vms := []types.ManagedObjectReference{s.clone("bgp1", nil).Reference(), s.clone("bgp2", nil).Reference()}
	rule := &types.ClusterAntiAffinityRuleSpec{ClusterRuleInfo: types.ClusterRuleInfo{Name: "bgp", Enabled: types.NewBool(true)}, Vm: vms}
	s.wait(cluster.Reconfigure(s.ctx, &types.ClusterConfigSpecEx{RulesSpec: []types.ClusterRuleSpec{{
		ArrayUpdateSpec: types.ArrayUpdateSpec{Operation: types.ArrayUpdateOperationAdd}, Info: rule,
	}}}, true))
	configuration, err := cluster.Configuration(s.ctx)
	must(t, err)
	if len(configuration.Rule) != 1 || len(configuration.Rule[0].(*types.ClusterAntiAffinityRuleSpec).Vm) != 2 {
		t.Errorf("rules: %+v", configuration.Rule)
	}
}
