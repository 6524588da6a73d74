package guest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// Exit tells how a boot ended.
type Exit struct {
	// Rebooted: the guest asked for a reboot; whoever owns the machine boots it again.
	Rebooted bool
	// Err is set if the machine did not end in order, or if cleaning up after it failed.
	Err error
}

// Machine is one boot of a guest, from power-on to its end.
type Machine struct {
	spec   Spec
	layout layout
	record record
	cmd    *exec.Cmd
	done   chan struct{}
	exit   Exit

	mu     sync.Mutex
	killed bool
	// hastened is what the guest was ending in when it was helped to.
	hastened string
}

// rebootExit is nspawn's exit status for "the guest rebooted, start me again" (EXIT_FORCE_RESTART, with --keep-unit).
const rebootExit = 133

// Signals to systemd as process 1 (systemd(1), "Signals"); Go has no names for real-time signals, of which the first
// that glibc leaves to programs is 34.
const (
	signalPoweroff = syscall.Signal(34 + 4)
	signalReboot   = syscall.Signal(34 + 5)
)

// Boot starts the machine and returns once its process 1 runs. On error nothing of it is left behind but its disk.
func Boot(spec Spec) (*Machine, error) {
	if err := spec.normalise(); err != nil {
		return nil, err
	}
	m := &Machine{spec: spec, layout: layout{spec.StateDir}, done: make(chan struct{})}
	if old, err := loadRecord(m.layout); err != nil {
		return nil, err
	} else if old != nil {
		return nil, fmt.Errorf("machine %s runs already, or was not cleaned up: see %s", spec.Name, m.layout.record())
	}
	if err := m.start(); err != nil {
		err = fmt.Errorf("boot %s: %w", spec.Name, err)
		return nil, errors.Join(err, m.record.release(m.layout))
	}
	go m.supervise()
	go m.hasten()
	return m, nil
}

func (m *Machine) start() error {
	launcher, err := identify(os.Getpid())
	if err != nil {
		return err
	}
	m.record = record{
		Name: m.spec.Name, Launcher: launcher,
		Namespace: m.spec.Namespace, OwnsNamespace: !namespaceExists(m.spec.Namespace),
		SwitchNamespace: m.spec.SwitchNamespace, Interfaces: m.spec.Interfaces,
	}
	for _, disk := range m.spec.Disks {
		m.record.DiskFiles = append(m.record.DiskFiles, disk.File)
	}
	if err := m.record.save(m.layout); err != nil {
		return err
	}
	if m.record.OwnsNamespace {
		if err := createNamespace(m.spec.Namespace); err != nil {
			return err
		}
	}
	for _, card := range m.spec.Interfaces {
		if err := connect(m.spec.SwitchNamespace, m.spec.Namespace, card); err != nil {
			return err
		}
	}
	if err := mountOverlay(m.layout, m.spec.Root); err != nil {
		return err
	}
	binds, err := writeRun(m.layout, m.spec)
	if err != nil {
		return err
	}
	if m.spec.Privileged {
		node, err := nodeBinds(m.layout, m.spec.Root)
		if err != nil {
			return err
		}
		binds = append(binds, node...)
	}
	binds = append(binds, m.spec.Binds...)
	for _, disk := range m.spec.Disks {
		if err := disk.prepare(); err != nil {
			return err
		}
		device, err := attachLoop(disk.File)
		if err != nil {
			return err
		}
		// Under its own name as well: blkid finds LABEL= and UUID= by the names in /proc/partitions.
		binds = append(binds, Bind{Source: device, Target: disk.Device}, Bind{Source: device, Target: device})
	}
	m.record.Cgroups, err = createCgroups(m.spec.Name)
	if saved := m.record.save(m.layout); err == nil {
		err = saved
	}
	if err != nil {
		return err
	}
	return m.launch(binds)
}

// launch runs nspawn and waits until the guest's process 1 exists.
func (m *Machine) launch(binds []Bind) error {
	console, err := os.OpenFile(m.layout.console(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer console.Close()
	fmt.Fprintf(console, "\n--- %s: power on at %s\n", m.spec.Name, time.Now().UTC().Format(time.RFC3339))
	m.cmd = nspawnCommand(m.spec, m.layout.mount(), m.record.Cgroups, binds)
	m.cmd.Stdout, m.cmd.Stderr = console, console
	if err := m.cmd.Start(); err != nil {
		return err
	}
	if m.record.Nspawn, err = identify(m.cmd.Process.Pid); err != nil {
		return err
	}
	if err := m.record.save(m.layout); err != nil {
		return err
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if init, ok := containerInit(m.record.Nspawn); ok {
			m.record.Init = init
			return m.record.save(m.layout)
		}
		var status syscall.WaitStatus
		if pid, _ := syscall.Wait4(m.cmd.Process.Pid, &status, syscall.WNOHANG, nil); pid == m.cmd.Process.Pid {
			return fmt.Errorf("nspawn ended at once with status %d: see %s", status.ExitStatus(), m.layout.console())
		}
	}
	return fmt.Errorf("nspawn made no process 1 within 20 s: see %s", m.layout.console())
}

// supervise waits for the end of the boot and cleans up after it.
func (m *Machine) supervise() {
	err := m.cmd.Wait()
	m.mu.Lock()
	killed, hastened := m.killed, m.hastened
	m.mu.Unlock()
	var failure *exec.ExitError
	switch {
	case killed, err == nil:
	case hastened != "":
		m.exit.Rebooted = hastened == "reboot"
	case errors.As(err, &failure) && failure.ExitCode() == rebootExit:
		m.exit.Rebooted = true
	default:
		m.exit.Err = fmt.Errorf("machine %s: nspawn: %w: see %s", m.spec.Name, err, m.layout.console())
	}
	m.exit.Err = errors.Join(m.exit.Err, m.record.release(m.layout))
	close(m.done)
}

// Done is closed once the machine has ended and all of it but its disk is gone.
func (m *Machine) Done() <-chan struct{} { return m.done }

// Wait returns how the boot ended.
func (m *Machine) Wait() Exit {
	<-m.done
	return m.exit
}

// Name returns the machine's name.
func (m *Machine) Name() string { return m.spec.Name }

// Shutdown asks the guest to power off, as the power button or `systemctl poweroff` does; it does not wait.
func (m *Machine) Shutdown() error { return m.record.Init.signal(signalPoweroff) }

// Reboot asks the guest to reboot; Wait then returns Rebooted.
func (m *Machine) Reboot() error { return m.record.Init.signal(signalReboot) }

// Kill cuts the power and returns when the machine is gone.
func (m *Machine) Kill() Exit {
	m.mu.Lock()
	m.killed = true
	m.mu.Unlock()
	// Its process 1 takes all others of the guest with it, and nspawn ends in order; some guests, however, leave nspawn
	// hanging, and then nspawn, our own child, is ended too.
	_ = m.record.Init.signal(syscall.SIGKILL)
	select {
	case <-m.done:
	case <-time.After(3 * time.Second):
		_ = m.record.Nspawn.signal(syscall.SIGKILL)
	}
	return m.Wait()
}

// Stop asks the guest to power off and cuts the power if it has not after grace.
func (m *Machine) Stop(grace time.Duration) Exit {
	if err := m.Shutdown(); err == nil {
		select {
		case <-m.done:
			return m.exit
		case <-time.After(grace):
		}
	}
	return m.Kill()
}

// Erase deletes the machine's disk and all other state; the machine must not run.
func Erase(stateDir string) error {
	l := layout{stateDir}
	if r, err := loadRecord(l); err != nil {
		return err
	} else if r != nil {
		return fmt.Errorf("machine %s still runs: stop it before erasing %s", r.Name, stateDir)
	}
	if !filepath.IsAbs(stateDir) {
		return fmt.Errorf("erase %q: not an absolute path", stateDir)
	}
	return os.RemoveAll(stateDir)
}

// InitPID is the guest's process 1 as this host numbers it; its namespaces are the guest's.
func (m *Machine) InitPID() int { return m.record.Init.PID }
