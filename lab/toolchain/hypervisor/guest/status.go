package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Status is what is known of a machine by its state directory alone.
type Status struct {
	Name      string `json:"name,omitempty"`
	StateDir  string `json:"stateDir"`
	Running   bool   `json:"running"`
	Namespace string `json:"namespace,omitempty"`
	// InitPID is the guest's process 1 as this host numbers it; 0 if it does not run.
	InitPID int `json:"initPid,omitempty"`
	// Launcher is the process that supervises the machine.
	Launcher int    `json:"launcherPid,omitempty"`
	Console  string `json:"console"`
}

// StatusOf reads a machine's status; a directory that holds none, or is absent, is a machine that does not run.
func StatusOf(stateDir string) (Status, error) {
	l := layout{stateDir}
	status := Status{StateDir: stateDir, Console: l.console()}
	if supervisor := loadSupervisor(l); supervisor.alive() {
		status.Launcher = supervisor.PID
	}
	r, err := loadRecord(l)
	if err != nil || r == nil {
		return status, err
	}
	status.Name, status.Namespace = r.Name, r.Namespace
	if r.Launcher.alive() {
		status.Launcher = r.Launcher.PID
	}
	if r.Init.alive() {
		status.Running, status.InitPID = true, r.Init.PID
	}
	return status, nil
}

// List gives the status of every machine whose state lies directly below parent.
func List(parent string) ([]Status, error) {
	entries, err := os.ReadDir(parent)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []Status
	for _, entry := range entries {
		if !entry.IsDir() {
			continue
		}
		status, err := StatusOf(filepath.Join(parent, entry.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, status)
	}
	return list, nil
}

// Signals by which Halt tells a machine's supervisor what to do.
const (
	SignalStop = syscall.SIGTERM // power off in order
	SignalKill = syscall.SIGQUIT // cut the power
)

// Halt ends a machine that another process supervises, by a signal to that process, and returns when all of it but its
// disk is gone. A machine whose supervisor is dead is cleaned up here.
func Halt(stateDir string, signal syscall.Signal, limit time.Duration) error {
	l := layout{stateDir}
	supervisor := loadSupervisor(l)
	if err := supervisor.signal(signal); err != nil {
		return err
	}
	if !supervisor.waitGone(limit) {
		return fmt.Errorf("%s: the machine's supervisor (process %d) did not end within %s", stateDir, supervisor.PID, limit)
	}
	r, err := loadRecord(l)
	if err != nil || r == nil {
		return err
	}
	if r.Launcher.alive() {
		return fmt.Errorf("machine %s is a VM of the hypervisor (process %d): power it off there", r.Name, r.Launcher.PID)
	}
	return r.release(l)
}
