package guest

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Observation is what VMware Tools would report from inside the guest.
type Observation struct {
	HostName string
	Cards    []Card
	// Gateway of the default route and the card it leaves by; empty without one.
	Gateway, GatewayCard string
	NameServers, Search  []string
	// ToolsRunning: the guest is up as far as a daemon like open-vm-tools would be started (open-vm-tools.service runs before cloud-init does: the journal takes messages).
	ToolsRunning bool
}

// Card is one network card as the guest configured it.
type Card struct {
	Name, MAC string
	Up        bool
	Addresses []*net.IPNet
}

// Observe reads the running guest's state from its own namespaces and files.
func (m *Machine) Observe() (Observation, error) {
	var seen Observation
	if !m.record.Init.alive() {
		return seen, fmt.Errorf("machine %s is not running", m.spec.Name)
	}
	handle, ns, err := handleIn(m.spec.Namespace)
	if err != nil {
		return seen, err
	}
	defer ns.Close()
	defer handle.Close()
	if err := seen.readNetwork(handle); err != nil {
		return seen, fmt.Errorf("observe %s: %w", m.spec.Name, err)
	}
	if seen.HostName, err = hostName(m.record.Init.PID); err != nil {
		return seen, fmt.Errorf("observe %s: %w", m.spec.Name, err)
	}
	seen.readResolvConf(m.inside("/run/systemd/resolve/resolv.conf"))
	if len(seen.NameServers) == 0 {
		seen.readResolvConf(m.inside("/etc/resolv.conf"))
	}
	_, err = os.Stat(m.inside("/run/systemd/journal/socket"))
	seen.ToolsRunning = err == nil
	return seen, nil
}

// inside is a guest's file as seen from here. A symbolic link in it would be followed outside, so ask for real files.
func (m *Machine) inside(path string) string {
	return filepath.Join("/proc", fmt.Sprint(m.record.Init.PID), "root", path)
}

func (o *Observation) readNetwork(handle *netlink.Handle) error {
	links, err := handle.LinkList()
	if err != nil {
		return err
	}
	names := map[int]string{}
	for _, link := range links {
		attrs := link.Attrs()
		names[attrs.Index] = attrs.Name
		if attrs.Flags&net.FlagLoopback != 0 || len(attrs.HardwareAddr) == 0 {
			continue
		}
		card := Card{Name: attrs.Name, MAC: attrs.HardwareAddr.String(), Up: attrs.Flags&net.FlagUp != 0}
		addresses, err := handle.AddrList(link, netlink.FAMILY_ALL)
		if err != nil {
			return err
		}
		for _, address := range addresses {
			card.Addresses = append(card.Addresses, address.IPNet)
		}
		o.Cards = append(o.Cards, card)
	}
	routes, err := handle.RouteListFiltered(netlink.FAMILY_V4, &netlink.Route{Dst: nil}, netlink.RT_FILTER_DST)
	if err != nil {
		return err
	}
	for _, route := range routes {
		if route.Gw != nil {
			o.Gateway, o.GatewayCard = route.Gw.String(), names[route.LinkIndex]
			break
		}
	}
	return nil
}

func (o *Observation) readResolvConf(file string) {
	f, err := os.Open(file)
	if err != nil {
		return
	}
	defer f.Close()
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		field := strings.Fields(scanner.Text())
		if len(field) < 2 {
			continue
		}
		switch field[0] {
		case "nameserver":
			o.NameServers = append(o.NameServers, field[1])
		case "search":
			o.Search = field[1:]
		}
	}
}

// hostName reads the host name of another process's UTS namespace.
func hostName(pid int) (string, error) {
	runtime.LockOSThread()
	home, err := unix.Open("/proc/thread-self/ns/uts", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(home)
	there, err := unix.Open(fmt.Sprintf("/proc/%d/ns/uts", pid), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	defer unix.Close(there)
	if err := unix.Setns(there, unix.CLONE_NEWUTS); err != nil {
		return "", err
	}
	var name unix.Utsname
	read := unix.Uname(&name)
	if err := unix.Setns(home, unix.CLONE_NEWUTS); err != nil {
		return "", err // the thread stays locked and is thrown away
	}
	runtime.UnlockOSThread()
	return unix.ByteSliceToString(name.Nodename[:]), read
}
