// Package simulator is the lab's stand-in for a vCenter: govmomi's simulator with the site's inventory, mended where it
// differs from a vCenter in what the stack relies on, and with VMs that boot as guests of this machine.
//
// It is a simulator: it shows that the stack asks a vCenter for the right things and that what it asks for boots. It
// cannot prove performance, storage, HA and DRS at work, vMotion, distributed switch features, ESXi's guest support,
// certificates of hosts, or the exact wording of faults.
package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Config is the file that `hypervisor serve` and `hypervisor reap` read.
type Config struct {
	// Listen is the vCenter's address and port, e.g. "192.168.10.20:443".
	Listen   string `json:"listen"`
	CertFile string `json:"certFile"`
	KeyFile  string `json:"keyFile"`
	// Account is the one that `pulumi up` uses.
	Account
	// ReadOnlyUser may look and do nothing else; its Privileges are those of vCenter's role ReadOnly.
	ReadOnlyUser *Account   `json:"readOnlyUser,omitempty"`
	Inventory    Inventory  `json:"inventory"`
	Templates    []Template `json:"templates"`
	Switch       Switch     `json:"switch"`
	// NamespacePrefix comes before a VM's name in its network namespace and machine name, e.g. "k3f2a-".
	NamespacePrefix string `json:"namespacePrefix"`
	// StateDir holds the datastore, the VMs' disks and consoles, and events.jsonl. The hypervisor owns it.
	StateDir string `json:"stateDir"`
	// ShutdownGraceSeconds is what a guest gets to power off in order before it is cut off when the hypervisor stops;
	// default 10.
	ShutdownGraceSeconds int `json:"shutdownGraceSeconds,omitempty"`
}

// Account may log in. Without Privileges it has all of them; with, exactly these (and System.*) everywhere.
type Account struct {
	Username   string   `json:"username"`
	Password   string   `json:"password"`
	Privileges []string `json:"privileges,omitempty"`
}

// Inventory is all that the vCenter shows besides templates.
type Inventory struct {
	Datacenter           string   `json:"datacenter"`
	Cluster              string   `json:"cluster"`
	Hosts                []string `json:"hosts"`
	Datastore            string   `json:"datastore"`
	DatastoreCapacityGiB int64    `json:"datastoreCapacityGiB"`
	// DistributedSwitch carries the port groups; default "switch".
	DistributedSwitch string   `json:"distributedSwitch,omitempty"`
	PortGroups        []string `json:"portGroups"`
	// Version and Build are what ServiceContent.about says; default 8.0.3 and 24022515.
	Version string `json:"version,omitempty"`
	Build   string `json:"build,omitempty"`
}

// Template is a VM template with one disk, one network card on the first port group, and a root directory to boot.
type Template struct {
	Name string `json:"name"`
	// Root is the directory that mmdebstrap made, the lower layer of every clone's disk.
	Root            string `json:"root"`
	HardwareVersion string `json:"hardwareVersion"` // e.g. "vmx-19"
	GuestID         string `json:"guestId"`         // e.g. "debian12_64Guest"
	CPUs            int32  `json:"cpus"`
	MemoryMiB       int64  `json:"memoryMiB"`
	DiskGiB         int64  `json:"diskGiB"`
	// Privileged clones boot with every capability: what a Kubernetes node needs.
	Privileged bool `json:"privileged,omitempty"`
	// Annotation is the template's note.
	Annotation string `json:"annotation,omitempty"`
}

// Switch says where port groups lead: to bridges in one network namespace.
type Switch struct {
	Namespace string            `json:"namespace"`
	Bridges   map[string]string `json:"bridges"` // port group -> bridge
}

// LoadConfig reads and checks a config; it reports all that is missing at once.
func LoadConfig(file string) (*Config, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("hypervisor config: %w", err)
	}
	defer f.Close()
	config := &Config{}
	decoder := json.NewDecoder(f)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(config); err != nil {
		return nil, fmt.Errorf("hypervisor config %s: %w", file, err)
	}
	if err := config.check(); err != nil {
		return nil, fmt.Errorf("hypervisor config %s:\n%w", file, err)
	}
	return config, nil
}

func (c *Config) check() error {
	var faults []error
	need := func(ok bool, format string, args ...any) {
		if !ok {
			faults = append(faults, fmt.Errorf(format, args...))
		}
	}
	for key, value := range map[string]string{
		"listen": c.Listen, "certFile": c.CertFile, "keyFile": c.KeyFile, "username": c.Username, "password": c.Password,
		"namespacePrefix": c.NamespacePrefix, "switch.namespace": c.Switch.Namespace,
		"inventory.datacenter": c.Inventory.Datacenter, "inventory.cluster": c.Inventory.Cluster,
		"inventory.datastore": c.Inventory.Datastore,
	} {
		need(value != "", "%s is missing", key)
	}
	need(filepath.IsAbs(c.StateDir), "stateDir %q must be an absolute path", c.StateDir)
	need(len(c.Inventory.Hosts) > 0, "inventory.hosts is empty")
	need(len(c.Inventory.PortGroups) > 0, "inventory.portGroups is empty")
	need(c.Inventory.DatastoreCapacityGiB > 0, "inventory.datastoreCapacityGiB must be positive")
	for _, group := range c.Inventory.PortGroups {
		need(c.Switch.Bridges[group] != "", "switch.bridges lacks port group %q", group)
	}
	for i, template := range c.Templates {
		where := fmt.Sprintf("templates[%d] (%s)", i, template.Name)
		need(template.Name != "" && template.HardwareVersion != "" && template.GuestID != "", "%s: name, hardwareVersion and guestId are needed", where)
		need(template.CPUs > 0 && template.MemoryMiB > 0 && template.DiskGiB > 0, "%s: cpus, memoryMiB and diskGiB must be positive", where)
		info, err := os.Stat(template.Root)
		need(filepath.IsAbs(template.Root) && err == nil && info.IsDir(), "%s: root %q must be an existing directory", where, template.Root)
	}
	return errors.Join(faults...)
}

func (c *Config) machinesDir() string  { return filepath.Join(c.StateDir, "vms") }
func (c *Config) datastoreDir() string { return filepath.Join(c.StateDir, "datastore") }
func (c *Config) eventsFile() string   { return filepath.Join(c.StateDir, "events.jsonl") }
