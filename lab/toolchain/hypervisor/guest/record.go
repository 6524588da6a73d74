package guest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// record is what a machine holds outside its own directory. It is written before each thing is made, so that whoever
// comes after a crash can remove exactly that and nothing else.
type record struct {
	Name string `json:"name"`
	// Launcher is the process that owns the machine: the hypervisor, or the supervisor of a fixture.
	Launcher        Process     `json:"launcher"`
	Nspawn          Process     `json:"nspawn"`
	Init            Process     `json:"init"`
	Namespace       string      `json:"namespace"`
	OwnsNamespace   bool        `json:"ownsNamespace"`
	SwitchNamespace string      `json:"switchNamespace,omitempty"`
	Interfaces      []Interface `json:"interfaces,omitempty"`
	DiskFiles       []string    `json:"diskFiles,omitempty"`
	Cgroups         []string    `json:"cgroups,omitempty"`
}

func (r *record) save(l layout) error { return saveJSON(l.record(), r) }

// saveJSON replaces a file at once, so that a reader never sees half of it.
func saveJSON(file string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file+".next", append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(file+".next", file)
}

// loadRecord returns nil without error where no machine runs.
func loadRecord(l layout) (*record, error) {
	text, err := os.ReadFile(l.record())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	r := new(record)
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("%s: %w", l.record(), err)
	}
	return r, nil
}

// release undoes all that the record names and then forgets it. Every step is tried even if one before it failed.
func (r *record) release(l layout) error {
	failed := errors.Join(r.Init.signal(syscall.SIGKILL), r.Nspawn.signal(syscall.SIGKILL))
	if !r.Nspawn.waitGone(10 * time.Second) {
		failed = errors.Join(failed, fmt.Errorf("machine %s: nspawn (process %d) survived SIGKILL", r.Name, r.Nspawn.PID))
	}
	failed = errors.Join(failed,
		emptyCgroups(r.Cgroups),
		unmount(l.mount()),
		detachLoops(r.DiskFiles),
		disconnect(r.SwitchNamespace, r.Namespace, r.Interfaces))
	if r.OwnsNamespace {
		failed = errors.Join(failed, deleteNamespace(r.Namespace))
	}
	if failed != nil {
		return failed
	}
	// nspawn removes this itself only where /run is a file system of its own.
	_ = os.Remove(filepath.Join("/run/systemd/nspawn/propagate", r.Name))
	return os.Remove(l.record())
}

// Reap ends and cleans up every machine whose state lies in a directory directly below parent and whose launcher is
// dead, and returns their names. Machines of a live launcher are left alone.
func Reap(parent string) ([]string, error) {
	entries, err := os.ReadDir(parent)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var reaped []string
	var failed error
	for _, entry := range entries {
		l := layout{filepath.Join(parent, entry.Name())}
		r, err := loadRecord(l)
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		if r == nil || r.Launcher.alive() {
			continue
		}
		failed = errors.Join(failed, r.release(l))
		reaped = append(reaped, r.Name)
	}
	return reaped, failed
}
