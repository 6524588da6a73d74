package simulator

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"lab/toolchain/hypervisor/guest"
)

// machine is a VM's body: its directory for as long as the VM exists, and its guest while it is powered on.
type machine struct {
	name, dir string

	mu    sync.Mutex
	guest *guest.Machine
	// What was last reported, and when.
	lastSaw  string
	reported time.Time
}

// stop powers the guest off in order, or cuts it off after grace.
func (m *machine) stop(grace time.Duration) error {
	if g := m.take(); g != nil {
		return g.Stop(grace).Err
	}
	return nil
}

// take makes the caller responsible for the running guest's end; nil if none runs.
func (m *machine) take() *guest.Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	g := m.guest
	m.guest, m.lastSaw = nil, ""
	return g
}

func (m *machine) running() *guest.Machine {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.guest
}

// running returns the guest of a VM, nil if it is off.
func (v *VCenter) running(ref types.ManagedObjectReference) *guest.Machine {
	v.mu.Lock()
	m := v.machines[ref]
	v.mu.Unlock()
	if m == nil {
		return nil
	}
	return m.running()
}

var notInMachineName = regexp.MustCompile(`[^a-zA-Z0-9]+`)

// machineFor returns the VM's machine, giving it one at its first power-on. Its name is the prefix and the VM's name as
// far as a machine name can hold it, made unique where another VM has the same.
func (v *VCenter) machineFor(vm *virtualMachine) *machine {
	v.mu.Lock()
	defer v.mu.Unlock()
	if m, ok := v.machines[vm.Self]; ok {
		return m
	}
	name := v.config.NamespacePrefix + strings.Trim(notInMachineName.ReplaceAllString(vm.Name, "-"), "-")
	taken := len(name) > 63 || name == v.config.NamespacePrefix
	for _, other := range v.machines {
		taken = taken || other.name == name
	}
	if taken {
		sum := sha256.Sum256([]byte(vm.Config.Uuid))
		name = fmt.Sprintf("%s-%x", strings.TrimRight(name[:min(len(name), 54)], "-"), sum[:4])
	}
	m := &machine{name: name, dir: filepath.Join(v.config.machinesDir(), name)}
	v.machines[vm.Self] = m
	return m
}

// boot powers a VM's guest on. The caller holds the VM's lock.
func (v *VCenter) boot(ctx *simulator.Context, vm *virtualMachine) error {
	v.mu.Lock()
	template, ok := v.origins[vm.Self]
	v.mu.Unlock()
	if !ok {
		return fmt.Errorf("VM %s has no operating system: it was not cloned from one of the templates", vm.Name)
	}
	m := v.machineFor(vm)
	spec, err := v.guestSpec(vm, template, m)
	if err != nil {
		return err
	}
	g, err := guest.Boot(spec)
	if err != nil {
		return err
	}
	m.mu.Lock()
	m.guest = g
	m.mu.Unlock()
	v.events.add(vm.Name, "powered-on", m.name)
	go v.follow(vm, m, g)
	return nil
}

// follow waits for the guest's end. If nobody took it over, the guest ended by itself: it boots again after a reboot,
// and otherwise the VM is off.
func (v *VCenter) follow(vm *virtualMachine, m *machine, g *guest.Machine) {
	exit := g.Wait()
	m.mu.Lock()
	mine := m.guest == g
	if mine {
		m.guest, m.lastSaw = nil, ""
	}
	m.mu.Unlock()
	if !mine {
		return
	}
	ctx := v.context()
	ctx.WithLock(vm.VirtualMachine, func() {
		vm.forgetGuest(ctx)
		err := exit.Err
		if exit.Rebooted && err == nil {
			v.events.add(vm.Name, "rebooted", "")
			if err = v.boot(ctx, vm); err == nil {
				return
			}
		}
		if err != nil {
			v.events.add(vm.Name, "guest-failed", err.Error())
		} else {
			v.events.add(vm.Name, "guest-powered-off", "")
		}
		_ = vm.setPower(ctx, false)
	})
}

// kill cuts the power of a VM's guest, if it runs.
func (v *VCenter) kill(vm *virtualMachine) error {
	v.mu.Lock()
	m := v.machines[vm.Self]
	v.mu.Unlock()
	if m == nil {
		return nil
	}
	g := m.take()
	if g == nil {
		return nil
	}
	exit := g.Kill()
	v.events.add(vm.Name, "powered-off", "")
	return exit.Err
}

// forget deletes what a destroyed VM leaves: its disk and its name.
func (v *VCenter) forget(ref types.ManagedObjectReference) error {
	v.mu.Lock()
	m := v.machines[ref]
	delete(v.machines, ref)
	delete(v.origins, ref)
	v.mu.Unlock()
	if m == nil {
		return nil
	}
	var failed error
	if g := m.take(); g != nil {
		failed = g.Kill().Err
	}
	return errors.Join(failed, guest.Erase(m.dir))
}

// context is a fresh one for work that no request asked for.
func (v *VCenter) context() *simulator.Context {
	return &simulator.Context{Context: v.ctx.Context, Session: v.ctx.Session, Map: v.ctx.Map}
}

// watch reports guests to the inventory each second, and clears away guests whose VM vanished with its folder.
func (v *VCenter) watch() {
	defer v.idle.Done()
	for tick := time.NewTicker(time.Second); ; {
		select {
		case <-v.stop:
			tick.Stop()
			return
		case <-tick.C:
		}
		v.account(v.context())
		v.mu.Lock()
		refs := make([]types.ManagedObjectReference, 0, len(v.machines))
		for ref := range v.machines {
			refs = append(refs, ref)
		}
		v.mu.Unlock()
		for _, ref := range refs {
			vm, ok := v.ctx.Map.Get(ref).(*simulator.VirtualMachine)
			if ok {
				v.report(vm)
			} else if err := v.forget(ref); err != nil {
				v.events.add(ref.Value, "cleanup-failed", err.Error())
			}
		}
	}
}
