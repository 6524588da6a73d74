package simulator

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"lab/toolchain/hypervisor/guest"
)

// repeatAfter is how soon an unchanged guest is reported again. VMware Tools do that, too, and the provider counts on it:
// it judges guest.net by the gateway that it was told before, so the first guest.net it sees may come too early.
const repeatAfter = 5 * time.Second

// report writes what VMware Tools would report into the inventory.
func (v *VCenter) report(vm *simulator.VirtualMachine) {
	v.mu.Lock()
	m := v.machines[vm.Self]
	v.mu.Unlock()
	g := m.running()
	if g == nil {
		return
	}
	seen, err := g.Observe()
	if err != nil {
		return // it is about to end, which follow() deals with
	}
	text, _ := json.Marshal(seen)
	ctx := v.context()
	ctx.WithLock(vm, func() {
		m.mu.Lock()
		due := m.guest == g && (m.lastSaw != string(text) || time.Since(m.reported) > repeatAfter)
		if due {
			m.lastSaw, m.reported = string(text), time.Now()
		}
		m.mu.Unlock()
		if due {
			ctx.Update(vm, v.guestChanges(vm, seen))
		}
	})
}

// guestChanges translates an observation into the VM's properties. Before the guest's tools run, it knows nothing.
func (v *VCenter) guestChanges(vm *simulator.VirtualMachine, seen guest.Observation) []types.PropertyChange {
	if !seen.ToolsRunning {
		return nil
	}
	nics, address := v.guestNics(vm, seen)
	return []types.PropertyChange{
		{Name: "guest.toolsStatus", Val: types.VirtualMachineToolsStatusToolsOk},
		{Name: "guest.toolsRunningStatus", Val: string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)},
		{Name: "guest.toolsVersionStatus2", Val: string(types.VirtualMachineToolsVersionStatusGuestToolsUnmanaged)},
		{Name: "guest.toolsVersion", Val: toolsVersion},
		{Name: "guest.guestState", Val: string(types.VirtualMachineGuestStateRunning)},
		{Name: "guest.guestOperationsReady", Val: false},
		// Cluster API asks before it shuts a guest down.
		{Name: "guest.guestStateChangeSupported", Val: true},
		{Name: "guest.hostName", Val: seen.HostName},
		{Name: "guest.ipAddress", Val: address},
		{Name: "guest.ipStack", Val: guestStack(seen)}, // before guest.net: see repeatAfter
		{Name: "guest.net", Val: nics},
		{Name: "summary.guest.toolsStatus", Val: types.VirtualMachineToolsStatusToolsOk},
		{Name: "summary.guest.toolsRunningStatus", Val: string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)},
		{Name: "summary.guest.toolsVersionStatus2", Val: string(types.VirtualMachineToolsVersionStatusGuestToolsUnmanaged)},
		{Name: "summary.guest.hostName", Val: seen.HostName},
		{Name: "summary.guest.ipAddress", Val: address},
		{Name: "summary.quickStats.guestHeartbeatStatus", Val: types.ManagedEntityStatusGreen},
	}
}

// guestNics lists the VM's cards with the guest's addresses, and the guest's first address that others can reach.
func (v *VCenter) guestNics(vm *simulator.VirtualMachine, seen guest.Observation) (nics []types.GuestNicInfo, first string) {
	devices := object.VirtualDeviceList(vm.Config.Hardware.Device)
	for _, device := range devices.SelectByType((*types.VirtualEthernetCard)(nil)) {
		card := device.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
		for _, real := range seen.Cards {
			if !strings.EqualFold(real.MAC, card.MacAddress) {
				continue
			}
			group, _ := v.portGroupOf(device)
			nic := types.GuestNicInfo{
				Network: group, MacAddress: real.MAC, Connected: real.Up, DeviceConfigId: card.Key,
				IpConfig: &types.NetIpConfigInfo{}, DnsConfig: dnsConfig(seen),
			}
			for _, address := range real.Addresses {
				ones, _ := address.Mask.Size()
				nic.IpAddress = append(nic.IpAddress, address.IP.String())
				nic.IpConfig.IpAddress = append(nic.IpConfig.IpAddress, types.NetIpConfigInfoIpAddress{
					IpAddress: address.IP.String(), PrefixLength: int32(ones),
					State: string(types.NetIpConfigInfoIpAddressStatusPreferred),
				})
				if first == "" && address.IP.To4() != nil && address.IP.IsGlobalUnicast() {
					first = address.IP.String()
				}
			}
			nics = append(nics, nic)
		}
	}
	return nics, first
}

func dnsConfig(seen guest.Observation) *types.NetDnsConfigInfo {
	host, domain, _ := strings.Cut(seen.HostName, ".")
	if domain == "" && len(seen.Search) > 0 {
		domain = seen.Search[0]
	}
	return &types.NetDnsConfigInfo{HostName: host, DomainName: domain, IpAddress: seen.NameServers, SearchDomain: seen.Search}
}

// guestStack holds the default route, by which waiters tell a routable guest from one that is merely up.
func guestStack(seen guest.Observation) []types.GuestStackInfo {
	stack := types.GuestStackInfo{DnsConfig: dnsConfig(seen), IpRouteConfig: &types.NetIpRouteConfigInfo{}}
	if seen.Gateway != "" {
		device := "0"
		for i, card := range seen.Cards {
			if card.Name == seen.GatewayCard {
				device = string(rune('0' + i))
			}
		}
		stack.IpRouteConfig.IpRoute = []types.NetIpRouteConfigInfoIpRoute{{
			Network: "0.0.0.0", PrefixLength: 0,
			Gateway: types.NetIpRouteConfigInfoGateway{IpAddress: seen.Gateway, Device: device},
		}}
	}
	return []types.GuestStackInfo{stack}
}

// forgetGuest takes back what the guest reported, since it no longer runs.
func (vm *virtualMachine) forgetGuest(ctx *simulator.Context) {
	off := string(types.VirtualMachineToolsRunningStatusGuestToolsNotRunning)
	ctx.Update(vm.VirtualMachine, []types.PropertyChange{
		{Name: "guest.toolsStatus", Val: types.VirtualMachineToolsStatusToolsNotRunning},
		{Name: "guest.toolsRunningStatus", Val: off},
		{Name: "guest.guestState", Val: string(types.VirtualMachineGuestStateNotRunning)},
		{Name: "guest.guestStateChangeSupported", Val: false},
		{Name: "guest.ipAddress", Val: ""},
		{Name: "guest.net", Val: []types.GuestNicInfo(nil)},
		{Name: "guest.ipStack", Val: []types.GuestStackInfo(nil)},
		{Name: "summary.guest.toolsStatus", Val: types.VirtualMachineToolsStatusToolsNotRunning},
		{Name: "summary.guest.toolsRunningStatus", Val: off},
		{Name: "summary.guest.ipAddress", Val: ""},
		{Name: "summary.quickStats.guestHeartbeatStatus", Val: types.ManagedEntityStatusGray},
	})
}
