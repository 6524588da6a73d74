package guest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"
)

// namespacePath is where iproute2 keeps named namespaces, so that `ip netns exec` works on ours.
func namespacePath(name string) string { return filepath.Join("/run/netns", name) }

func namespaceExists(name string) bool {
	_, err := os.Stat(namespacePath(name))
	return err == nil
}

// createNamespace makes a named network namespace with its loopback up.
func createNamespace(name string) error {
	// NewNamed moves the calling thread into the new namespace, so the thread must not serve another goroutine meanwhile.
	runtime.LockOSThread()
	home, err := netns.Get()
	if err != nil {
		runtime.UnlockOSThread()
		return err
	}
	defer home.Close()
	handle, err := netns.NewNamed(name)
	if back := netns.Set(home); back != nil {
		// The thread stays locked, so Go ends it with the goroutine instead of reusing it in the wrong namespace.
		return fmt.Errorf("return from namespace %s: %w", name, back)
	}
	runtime.UnlockOSThread()
	if err != nil {
		return fmt.Errorf("create namespace %s: %w", name, err)
	}
	defer handle.Close()
	link, err := netlink.NewHandleAt(handle)
	if err != nil {
		return fmt.Errorf("namespace %s: %w", name, err)
	}
	defer link.Close()
	lo, err := link.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("namespace %s: %w", name, err)
	}
	return link.LinkSetUp(lo)
}

// deleteNamespace removes a named namespace; one that is gone is fine.
func deleteNamespace(name string) error {
	if !namespaceExists(name) {
		return nil
	}
	if err := netns.DeleteNamed(name); err != nil {
		return fmt.Errorf("delete namespace %s: %w", name, err)
	}
	return nil
}

// handleIn opens netlink inside a named namespace.
func handleIn(name string) (*netlink.Handle, netns.NsHandle, error) {
	ns, err := netns.GetFromName(name)
	if err != nil {
		return nil, ns, fmt.Errorf("namespace %s: %w", name, err)
	}
	handle, err := netlink.NewHandleAt(ns)
	if err != nil {
		ns.Close()
		return nil, ns, fmt.Errorf("namespace %s: %w", name, err)
	}
	return handle, ns, nil
}

// portName is the switch's end of a card's cable: stable, unique, and within the kernel's 15 characters.
func portName(namespace, card string) string {
	return fmt.Sprintf("p%x", sha256.Sum256([]byte(namespace+"/"+card)))[:13]
}

// connect lays a cable from the card in the machine's namespace to its bridge. A cable left by an earlier boot goes first.
func connect(switchNamespace, namespace string, card Interface) error {
	fail := func(err error) error {
		return fmt.Errorf("interface %s of %s on bridge %s of %s: %w", card.Name, namespace, card.Bridge, switchNamespace, err)
	}
	sw, swNS, err := handleIn(switchNamespace)
	if err != nil {
		return fail(err)
	}
	defer swNS.Close()
	defer sw.Close()
	machine, machineNS, err := handleIn(namespace)
	if err != nil {
		return fail(err)
	}
	defer machineNS.Close()
	defer machine.Close()

	bridge, err := sw.LinkByName(card.Bridge)
	if err != nil {
		return fail(err)
	}
	port := portName(namespace, card.Name)
	if old, err := sw.LinkByName(port); err == nil {
		if err := sw.LinkDel(old); err != nil {
			return fail(err)
		}
	}
	veth := &netlink.Veth{
		LinkAttrs:     netlink.LinkAttrs{Name: port, MasterIndex: bridge.Attrs().Index, MTU: bridge.Attrs().MTU},
		PeerName:      card.Name,
		PeerNamespace: netlink.NsFd(machineNS),
	}
	if card.MAC != "" {
		if veth.PeerHardwareAddr, err = net.ParseMAC(card.MAC); err != nil {
			return fail(err)
		}
	}
	if err := sw.LinkAdd(veth); err != nil {
		return fail(err)
	}
	end, err := sw.LinkByName(port)
	if err != nil {
		return fail(err)
	}
	if err := sw.LinkSetUp(end); err != nil {
		return fail(err)
	}
	if err := address(machine, card); err != nil {
		return fail(err)
	}
	return nil
}

// address gives a card its addresses and default route, for machines without network configuration of their own.
func address(machine *netlink.Handle, card Interface) error {
	if len(card.Addresses) == 0 {
		return nil
	}
	link, err := machine.LinkByName(card.Name)
	if err != nil {
		return err
	}
	for _, text := range card.Addresses {
		addr, err := netlink.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("address %q: %w", text, err)
		}
		if err := machine.AddrAdd(link, addr); err != nil {
			return fmt.Errorf("address %q: %w", text, err)
		}
	}
	if err := machine.LinkSetUp(link); err != nil {
		return err
	}
	if card.Gateway == "" {
		return nil
	}
	gateway := net.ParseIP(card.Gateway)
	if gateway == nil {
		return fmt.Errorf("gateway %q is not an address", card.Gateway)
	}
	if err := machine.RouteAdd(&netlink.Route{LinkIndex: link.Attrs().Index, Gw: gateway}); err != nil {
		return fmt.Errorf("default route via %s: %w", card.Gateway, err)
	}
	return nil
}

// disconnect takes the machine's cables out; needed where the namespace outlives the machine.
func disconnect(switchNamespace, namespace string, cards []Interface) error {
	if len(cards) == 0 || !namespaceExists(switchNamespace) {
		return nil
	}
	sw, ns, err := handleIn(switchNamespace)
	if err != nil {
		return err
	}
	defer ns.Close()
	defer sw.Close()
	for _, card := range cards {
		link, err := sw.LinkByName(portName(namespace, card.Name))
		var missing netlink.LinkNotFoundError
		if errors.As(err, &missing) {
			continue
		}
		if err == nil {
			err = sw.LinkDel(link)
		}
		if err != nil {
			return fmt.Errorf("unplug %s of %s: %w", card.Name, namespace, err)
		}
	}
	return nil
}
