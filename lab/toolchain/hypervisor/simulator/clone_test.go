package simulator

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

func TestCloneAppliesItsSpec(t *testing.T) {
	s := startSite(t, testConfig(t))
	vm := s.properties(s.clone("jump", &types.VirtualMachineConfigSpec{
		NumCPUs: 3, MemoryMB: 2048, Annotation: "note",
		ExtraConfig: []types.BaseOptionValue{&types.OptionValue{Key: "guestinfo.userdata", Value: "eHl6"}},
	}))
	if vm.Config.Hardware.NumCPU != 3 || vm.Config.Hardware.MemoryMB != 2048 || vm.Config.Annotation != "note" {
		t.Errorf("got %d CPUs, %d MiB, note %q", vm.Config.Hardware.NumCPU, vm.Config.Hardware.MemoryMB, vm.Config.Annotation)
	}
	if vm.Config.Version != "vmx-19" || vm.Config.GuestId != "debian12_64Guest" || vm.Config.SwapPlacement != "inherit" {
		t.Errorf("got version %q, guest %q, swap %q", vm.Config.Version, vm.Config.GuestId, vm.Config.SwapPlacement)
	}
	if value := extraConfig(vm, "guestinfo.userdata"); value != "eHl6" {
		t.Errorf("guestinfo.userdata is %q", value)
	}
}

func extraConfig(vm mo.VirtualMachine, key string) any {
	for _, option := range vm.Config.ExtraConfig {
		if pair := option.GetOptionValue(); pair.Key == key {
			return pair.Value
		}
	}
	return nil
}

// CAPV edits the clone's disk with the template's own device.
func TestDestroyedCloneLeavesTheTemplatesDisk(t *testing.T) {
	s := startSite(t, testConfig(t))
	template, err := s.finder.VirtualMachine(s.ctx, "debian-12")
	must(t, err)
	disk := disksOf(s.properties(template))[0]
	disk.CapacityInKB *= 2
	disk.CapacityInBytes *= 2
	vm := s.clone("node", &types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{
		&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationEdit, Device: disk},
	}})
	own := disksOf(s.properties(vm))
	if len(own) != 1 || own[0].CapacityInBytes != 16*gib {
		t.Fatalf("clone has %d disks of %d bytes", len(own), own[0].CapacityInBytes)
	}
	fileOf := func(disk *types.VirtualDisk) string {
		file, err := s.vcenter.flatFile(disk.Backing.(*types.VirtualDiskFlatVer2BackingInfo).FileName)
		must(t, err)
		return file
	}
	templateDisk, cloneDisk := fileOf(disksOf(s.properties(template))[0]), fileOf(own[0])
	s.wait(vm.Destroy(s.ctx))
	if _, err := os.Stat(templateDisk); err != nil {
		t.Errorf("the template's disk is gone: %v", err)
	}
	if _, err := os.Stat(cloneDisk); !os.IsNotExist(err) {
		t.Errorf("the clone's disk stayed: %v", err)
	}
	second := s.properties(s.clone("node", nil))
	if len(disksOf(second)) != 1 || len(cardsOf(second)) != 1 {
		t.Errorf("the next clone has %d disks and %d cards", len(disksOf(second)), len(cardsOf(second)))
	}
}

func TestIdentitiesAreUnique(t *testing.T) {
	s := startSite(t, testConfig(t))
	seen := map[string]string{}
	unique := func(kind, value, vm string) {
		if other, ok := seen[kind+value]; ok || value == "" {
			t.Errorf("%s %q of %s was %s's", kind, value, vm, other)
		}
		seen[kind+value] = vm
	}
	group, err := s.finder.Network(s.ctx, "kubernetes.cmp")
	must(t, err)
	for i := range 40 {
		name := fmt.Sprintf("node-%d", i)
		vm := s.clone(name, nil)
		backing, err := group.EthernetCardBackingInfo(s.ctx)
		must(t, err)
		card, err := object.EthernetCardTypes().CreateEthernetCard("vmxnet3", backing)
		must(t, err)
		must(t, vm.AddDevice(s.ctx, card))
		properties := s.properties(vm)
		unique("uuid", properties.Config.Uuid, name)
		unique("instance", properties.Config.InstanceUuid, name)
		for _, card := range cardsOf(properties) {
			unique("mac", card.MacAddress, name)
		}
	}
	vm := s.clone("again", nil)
	unique("uuid", s.properties(vm).Config.Uuid, "again, first")
	s.wait(vm.Destroy(s.ctx))
	unique("uuid", s.properties(s.clone("again", nil)).Config.Uuid, "again, second")
}

func TestEditOfACardKeepsItsAddress(t *testing.T) {
	s := startSite(t, testConfig(t))
	template, err := s.finder.VirtualMachine(s.ctx, "debian-12")
	must(t, err)
	device := object.VirtualDeviceList(s.properties(template).Config.Hardware.Device).SelectByType((*types.VirtualEthernetCard)(nil))[0]
	foreign := cardsOf(s.properties(template))[0].MacAddress
	vm := s.clone("jump", &types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{
		&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationEdit, Device: device},
	}})
	cards := cardsOf(s.properties(vm))
	if len(cards) != 1 || cards[0].MacAddress == foreign {
		t.Errorf("clone has %d cards, the first with the template's address: %v", len(cards), cards[0].MacAddress == foreign)
	}
}

func TestDetachedDiskSurvivesTheVM(t *testing.T) {
	s := startSite(t, testConfig(t))
	vm := s.clone("capi", nil)
	devices, err := vm.Device(s.ctx)
	must(t, err)
	controller, err := devices.FindDiskController("")
	must(t, err)
	data := devices.CreateDisk(controller, s.vcenter.inventory.datastore.Self, "[vsan] capi/etcd.vmdk")
	data.CapacityInKB = gib / 1024
	must(t, vm.AddDevice(s.ctx, data))
	disks := disksOf(s.properties(vm))
	if len(disks) != 2 {
		t.Fatalf("%d disks", len(disks))
	}
	must(t, vm.RemoveDevice(s.ctx, true, disks[1]))
	s.wait(vm.Destroy(s.ctx))
	if _, err := os.Stat(filepath.Join(s.vcenter.config.datastoreDir(), "capi", "etcd-flat.vmdk")); err != nil {
		t.Errorf("the data disk is gone with the VM: %v", err)
	}
}

// The provider attaches a disk that it made before without saying how large it is.
func TestAttachedDiskHasItsFilesSize(t *testing.T) {
	s := startSite(t, testConfig(t))
	datacenter, err := s.finder.DefaultDatacenter(s.ctx)
	must(t, err)
	s.wait(object.NewVirtualDiskManager(s.client.Client).CreateVirtualDisk(s.ctx, "[vsan] etcd.vmdk", datacenter, &types.FileBackedVirtualDiskSpec{
		VirtualDiskSpec: types.VirtualDiskSpec{DiskType: "thin", AdapterType: "lsiLogic"}, CapacityKb: 3 * gib / 1024,
	}))
	vm := s.clone("capi", nil)
	devices, err := vm.Device(s.ctx)
	must(t, err)
	controller, err := devices.FindDiskController("")
	must(t, err)
	for range 2 { // attached, detached and attached again
		disk := devices.CreateDisk(controller, s.vcenter.inventory.datastore.Self, "[vsan] etcd.vmdk")
		s.wait(vm.Reconfigure(s.ctx, types.VirtualMachineConfigSpec{DeviceChange: []types.BaseVirtualDeviceConfigSpec{
			&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: disk},
		}}))
		disks := disksOf(s.properties(vm))
		if len(disks) != 2 || disks[1].CapacityInBytes != 3*gib || disks[1].CapacityInKB != 3*gib/1024 {
			t.Fatalf("attached: %+v", disks[len(disks)-1])
		}
		must(t, vm.RemoveDevice(s.ctx, true, disks[1]))
	}
	s.vcenter.account(s.vcenter.context())
	if free := s.vcenter.inventory.datastore.Summary.FreeSpace; free != (500-8-8-3)*gib {
		t.Errorf("%d GiB free", free/gib)
	}
}
