package simulator

import (
	"fmt"
	"sort"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/types"

	"lab/toolchain/hypervisor/guest"
)

// cardNames are what Linux calls a VM's cards by their PCI slots: the first is ens192.
var cardNames = []string{"ens192", "ens224", "ens256", "ens161", "ens193", "ens225", "ens257", "ens162", "ens194", "ens226"}

// guestSpec translates a VM's configuration, as it is now, into the boot of a guest.
func (v *VCenter) guestSpec(vm *virtualMachine, template Template, m *machine) (guest.Spec, error) {
	spec := guest.Spec{
		Name: m.name, Namespace: m.name, StateDir: m.dir, Root: template.Root, Privileged: template.Privileged,
		SwitchNamespace: v.config.Switch.Namespace, UUID: vm.Config.Uuid, CloudInit: map[string]string{},
	}
	for _, option := range vm.Config.ExtraConfig {
		pair := option.GetOptionValue()
		if value, ok := pair.Value.(string); ok && strings.HasPrefix(pair.Key, "guestinfo.") {
			spec.CloudInit[pair.Key] = value
		}
	}
	devices := object.VirtualDeviceList(vm.Config.Hardware.Device)
	cards := devices.SelectByType((*types.VirtualEthernetCard)(nil))
	sort.SliceStable(cards, func(i, j int) bool { return unit(cards[i]) < unit(cards[j]) })
	if len(cards) > len(cardNames) {
		return spec, fmt.Errorf("VM %s has %d network cards, a guest can have %d", vm.Name, len(cards), len(cardNames))
	}
	for i, device := range cards {
		group, err := v.portGroupOf(device)
		if err != nil {
			return spec, fmt.Errorf("VM %s: %w", vm.Name, err)
		}
		spec.Interfaces = append(spec.Interfaces, guest.Interface{
			Name: cardNames[i], Bridge: v.config.Switch.Bridges[group],
			MAC: device.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard().MacAddress,
		})
	}
	disks := devices.SelectByType((*types.VirtualDisk)(nil))
	sort.SliceStable(disks, func(i, j int) bool { return unit(disks[i]) < unit(disks[j]) })
	for i, device := range disks {
		if i == 0 {
			continue // the system disk: the overlay
		}
		disk := device.(*types.VirtualDisk)
		backing, ok := disk.Backing.(types.BaseVirtualDeviceFileBackingInfo)
		if !ok {
			return spec, fmt.Errorf("VM %s: disk %d is backed by %T, only files can be", vm.Name, i, disk.Backing)
		}
		file, err := v.flatFile(backing.GetVirtualDeviceFileBackingInfo().FileName)
		if err != nil {
			return spec, err
		}
		size := disk.CapacityInBytes
		if size == 0 {
			size = disk.CapacityInKB * 1024
		}
		spec.Disks = append(spec.Disks, guest.Disk{File: file, SizeBytes: size, Device: fmt.Sprintf("/dev/sd%c", 'a'+i)})
	}
	return spec, nil
}

// unit orders devices as a guest enumerates them: by controller, then by unit.
func unit(device types.BaseVirtualDevice) int64 {
	d := device.GetVirtualDevice()
	order := int64(d.ControllerKey) << 32
	if d.UnitNumber != nil {
		order += int64(*d.UnitNumber)
	}
	return order
}

// portGroupOf names the port group that a card is plugged into.
func (v *VCenter) portGroupOf(device types.BaseVirtualDevice) (string, error) {
	backing, ok := device.GetVirtualDevice().Backing.(*types.VirtualEthernetCardDistributedVirtualPortBackingInfo)
	if !ok {
		return "", fmt.Errorf("card %d is not on a distributed port group", device.GetVirtualDevice().Key)
	}
	name, ok := v.inventory.portGroups[backing.Port.PortgroupKey]
	if !ok {
		return "", fmt.Errorf("card %d is on unknown port group %s", device.GetVirtualDevice().Key, backing.Port.PortgroupKey)
	}
	return name, nil
}
