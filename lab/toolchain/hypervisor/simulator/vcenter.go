package simulator

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/simulator/vpx"
	"github.com/vmware/govmomi/vim25"
	"github.com/vmware/govmomi/vim25/types"

	_ "github.com/vmware/govmomi/pbm/simulator"  // storage policies, at /pbm
	_ "github.com/vmware/govmomi/vapi/simulator" // tags and content libraries, at /rest and /api

	"lab/toolchain/hypervisor/guest"
)

// VCenter is a running stand-in.
type VCenter struct {
	config    *Config
	ctx       *simulator.Context
	service   *simulator.Service
	server    *simulator.Server
	inventory *inventory
	events    *eventLog

	mu sync.Mutex
	// machines holds every VM that was ever powered on, until it is destroyed.
	machines map[types.ManagedObjectReference]*machine
	// origins says which template a VM was cloned from, and so which root it boots.
	origins     map[types.ManagedObjectReference]Template
	accountList []Account

	stop chan struct{}
	idle sync.WaitGroup
}

// Start builds the inventory and serves it. Machines that a killed predecessor left behind are cleaned up first, and
// its VMs and datastore forgotten: the inventory is in memory only.
func Start(config *Config) (*VCenter, error) {
	if err := Reap(config); err != nil {
		return nil, err
	}
	for _, dir := range []string{config.machinesDir(), config.datastoreDir()} {
		if err := os.RemoveAll(dir); err != nil {
			return nil, err
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	certificate, err := tls.LoadX509KeyPair(config.CertFile, config.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate %s with key %s: %w", config.CertFile, config.KeyFile, err)
	}
	v := &VCenter{
		config: config, stop: make(chan struct{}),
		machines: map[types.ManagedObjectReference]*machine{},
		origins:  map[types.ManagedObjectReference]Template{},
	}
	if v.events, err = openEvents(config.eventsFile()); err != nil {
		return nil, err
	}
	v.SetAccounts(config)
	if err := v.create(certificate); err != nil {
		return nil, err
	}
	v.idle.Add(1)
	go v.watch()
	v.events.add("", "vcenter-started", v.server.URL.Host)
	return v, nil
}

func (v *VCenter) create(certificate tls.Certificate) error {
	content := vpx.ServiceContent
	content.About.Version, content.About.Build = v.config.Inventory.Version, v.config.Inventory.Build
	if content.About.Version == "" {
		content.About.Version = "8.0.3"
	}
	if content.About.Build == "" {
		content.About.Build = "24022515"
	}
	content.About.FullName = fmt.Sprintf("%s %s build-%s (govmomi simulator)", content.About.Name, content.About.Version, content.About.Build)
	// vim25/8.0.3.0 is the release of both the SOAP namespace and the VI JSON path.
	content.About.ApiVersion = content.About.Version + ".0"

	v.ctx = simulator.NewContext()
	v.ctx, _ = simulator.NewServiceInstance(v.ctx, content, vpx.RootFolder)
	v.service = simulator.New(v.ctx, nil)
	client, err := vim25.NewClient(v.ctx, v.service)
	if err != nil {
		return err
	}
	if v.inventory, err = build(v.ctx, client, v.config); err != nil {
		return err
	}
	for _, entity := range v.ctx.Map.All("VirtualMachine") {
		for _, template := range v.config.Templates {
			if entity.(*simulator.VirtualMachine).Name == template.Name {
				v.origins[entity.Reference()] = template
			}
		}
	}
	v.ctx.Map.Handler = v.intercept
	v.ctx.Map.SessionManager().ValidLogin = v.validLogin
	v.service.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	v.service.Listen = &url.URL{Host: v.config.Listen, User: url.UserPassword(v.config.Username, v.config.Password)}
	v.service.RegisterEndpoints = true
	v.server = v.service.NewServer()
	v.server.Config.Handler = v.gate(v.server.Config.Handler)
	return nil
}

// URL is where the SDK is served, with the port that was really taken.
func (v *VCenter) URL() string {
	address := *v.server.URL
	address.User = nil
	return address.String()
}

// Close stops serving, then all guests.
func (v *VCenter) Close() error {
	close(v.stop)
	v.idle.Wait()
	v.server.CloseClientConnections()
	v.server.Close()
	v.mu.Lock()
	machines := make([]*machine, 0, len(v.machines))
	for _, m := range v.machines {
		machines = append(machines, m)
	}
	v.mu.Unlock()
	grace := time.Duration(v.config.ShutdownGraceSeconds) * time.Second
	if grace == 0 {
		grace = 10 * time.Second
	}
	var group sync.WaitGroup
	failures := make([]error, len(machines))
	for i, m := range machines {
		group.Add(1)
		go func() {
			defer group.Done()
			failures[i] = m.stop(grace)
		}()
	}
	group.Wait()
	v.events.add("", "vcenter-stopped", "")
	return errors.Join(append(failures, v.events.file.Close())...)
}

// Reap cleans up what a hypervisor that was killed left behind: guests, mounts, loop devices and namespaces that its
// records name. A hypervisor that is alive keeps its own.
func Reap(config *Config) error {
	names, err := guest.Reap(config.machinesDir())
	for _, name := range names {
		log.Printf("reaped %s", name)
	}
	return err
}
