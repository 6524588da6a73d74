package simulator

import (
	"crypto/sha256"
	"fmt"
	"net"
	"strings"

	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// newMAC derives a card's address from the VM's whole UUID, in the range that vCenter assigns from (00:50:56:80-bf).
// The simulator takes three characters of the UUID's text, which collide within a few dozen VMs; here the rare collision
// of 22 bits is looked for and stepped over.
func (v *VCenter) newMAC(ctx *simulator.Context, id string, key int32) string {
	taken := map[string]bool{}
	for _, entity := range ctx.Map.All("VirtualMachine") {
		config := entity.(*simulator.VirtualMachine).Config
		if config == nil {
			continue
		}
		for _, device := range object.VirtualDeviceList(config.Hardware.Device).SelectByType((*types.VirtualEthernetCard)(nil)) {
			taken[strings.ToLower(device.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard().MacAddress)] = true
		}
	}
	for attempt := 0; ; attempt++ {
		sum := sha256.Sum256([]byte(fmt.Sprintf("%s/%d/%d", id, key, attempt)))
		mac := net.HardwareAddr{0x00, 0x50, 0x56, 0x80 | sum[0]&0x3f, sum[1], sum[2]}.String()
		if !taken[mac] {
			return mac
		}
	}
}
