// Package guest runs one machine of the lab as a systemd-nspawn container: an overlay over a template's root, a network
// namespace wired to the lab's switch, extra disks as loop devices, and cloud-init fed from guestinfo values. It is the
// only implementation of launching a machine: the vCenter stand-in uses it for VMs, `hypervisor guest` for fixtures.
package guest

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
)

// Spec says what one boot of a machine looks like. All paths are absolute.
type Spec struct {
	// Name is the machine's name on this host, unique on it, e.g. "k3f2a-jump"; also the default Namespace.
	Name string `json:"name"`
	// Root is the template's root directory, the read-only lower layer of the machine's disk.
	Root string `json:"root"`
	// StateDir belongs to this machine alone: disk (upper/), console.log, record.json.
	StateDir string `json:"stateDir"`
	// Namespace is the machine's network namespace. One that exists is used and kept; one that does not is made at boot
	// and removed when the machine stops.
	Namespace string `json:"namespace,omitempty"`
	// SwitchNamespace is the namespace that holds the bridges; needed with Interfaces.
	SwitchNamespace string      `json:"switchNamespace,omitempty"`
	Interfaces      []Interface `json:"interfaces,omitempty"`
	Binds           []Bind      `json:"binds,omitempty"`
	Disks           []Disk      `json:"disks,omitempty"`
	// Capabilities beyond those that nspawn grants by itself and the network ones every machine gets.
	Capabilities []string `json:"capabilities,omitempty"`
	// Privileged gives the machine what a Kubernetes node needs: every capability, devices, directories that are no
	// overlay, and what a VM's own kernel lets it set (node.go).
	Privileged bool `json:"privileged,omitempty"`
	// UUID stands for the BIOS UUID: machine-id of a template without one, and ProductUUIDFile in the guest.
	UUID string `json:"uuid,omitempty"`
	// CloudInit holds guestinfo.* keys and values, as the VM's extraConfig has them; absent for fixtures without it.
	CloudInit map[string]string `json:"cloudInit,omitempty"`
}

// Interface is a network card of the machine: a veth pair whose other end is a port of Bridge.
type Interface struct {
	Name   string `json:"name"`
	Bridge string `json:"bridge"`
	// MAC in colon form; the kernel chooses one if empty.
	MAC string `json:"mac,omitempty"`
	// Addresses (with prefix length) and Gateway are set from outside before the machine boots. Without Addresses the
	// card is left down, for the guest's own network configuration to bring up.
	Addresses []string `json:"addresses,omitempty"`
	Gateway   string   `json:"gateway,omitempty"`
}

// Bind shows a path of the host inside the guest.
type Bind struct {
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"readOnly,omitempty"`
}

// Disk is a raw file shown to the guest as a block device. The file is made sparse if absent, grown if too small, and
// never shrunk or deleted here.
type Disk struct {
	File      string `json:"file"`
	SizeBytes int64  `json:"sizeBytes"`
	// Device is the name in the guest, e.g. "/dev/sdb".
	Device string `json:"device"`
}

// nspawn takes a machine name as a host name label; the limit leaves room for what is derived from it.
var machineName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$`)

// LoadSpec reads a machine's spec from a JSON file. A key it does not know is an error, since a misspelt one would
// otherwise boot a machine without what the key was meant to give it.
func LoadSpec(file string) (Spec, error) {
	var spec Spec
	f, err := os.Open(file)
	if err != nil {
		return spec, fmt.Errorf("machine spec: %w", err)
	}
	defer f.Close()
	decoder := json.NewDecoder(f)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&spec); err != nil {
		return spec, fmt.Errorf("machine spec %s: %w", file, err)
	}
	return spec, spec.normalise()
}

// normalise fills defaults and refuses what could not boot, naming the field.
func (s *Spec) normalise() error {
	if !machineName.MatchString(s.Name) {
		return fmt.Errorf("machine name %q: must be 1-63 letters, digits and inner hyphens", s.Name)
	}
	if s.Namespace == "" {
		s.Namespace = s.Name
	}
	for field, path := range map[string]string{"root": s.Root, "stateDir": s.StateDir} {
		if !filepath.IsAbs(path) {
			return fmt.Errorf("machine %s: %s %q must be an absolute path", s.Name, field, path)
		}
	}
	if info, err := os.Stat(s.Root); err != nil || !info.IsDir() {
		return fmt.Errorf("machine %s: root %q is not a directory: build the template's root first", s.Name, s.Root)
	}
	if len(s.Interfaces) > 0 && s.SwitchNamespace == "" {
		return fmt.Errorf("machine %s: interfaces need switchNamespace", s.Name)
	}
	for _, card := range s.Interfaces {
		if len(card.Name) == 0 || len(card.Name) > 15 {
			return fmt.Errorf("machine %s: interface name %q must have 1-15 characters", s.Name, card.Name)
		}
		if card.MAC != "" {
			if _, err := net.ParseMAC(card.MAC); err != nil {
				return fmt.Errorf("machine %s: interface %s: %w", s.Name, card.Name, err)
			}
		}
	}
	return nil
}
