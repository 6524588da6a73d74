package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process names one process for as long as it lives: a number alone may be reused, number and start time may not.
type Process struct {
	PID int `json:"pid"`
	// Start is the process's start time in clock ticks since boot (proc(5), field 22 of stat).
	Start string `json:"start"`
}

// identify reads a live process's identity.
func identify(pid int) (Process, error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return Process{}, err
	}
	// The second field is the command in parentheses and may itself hold spaces and parentheses.
	rest := strings.Fields(string(text)[strings.LastIndexByte(string(text), ')')+1:])
	if len(rest) < 20 {
		return Process{}, fmt.Errorf("process %d: unreadable stat", pid)
	}
	if rest[0] == "Z" || rest[0] == "X" {
		return Process{}, fmt.Errorf("process %d has ended and waits to be reaped", pid)
	}
	return Process{PID: pid, Start: rest[19]}, nil
}

// alive says whether this very process still runs.
func (p Process) alive() bool {
	if p.PID == 0 {
		return false
	}
	now, err := identify(p.PID)
	return err == nil && now == p
}

// signal sends a signal to this very process; one that is gone is fine.
func (p Process) signal(signal syscall.Signal) error {
	if !p.alive() {
		return nil
	}
	if err := syscall.Kill(p.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %v to process %d: %w", signal, p.PID, err)
	}
	return nil
}

// waitGone returns whether the process ended within the time.
func (p Process) waitGone(limit time.Duration) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if !p.alive() {
			return true
		}
	}
	return !p.alive()
}

// containerInit finds the guest's process 1 among nspawn's children: the one that is process 1 of an inner PID namespace.
func containerInit(nspawn Process) (Process, bool) {
	file := fmt.Sprintf("/proc/%d/task/%d/children", nspawn.PID, nspawn.PID)
	text, err := os.ReadFile(file)
	if err != nil {
		return Process{}, false
	}
	for _, word := range strings.Fields(string(text)) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			continue
		}
		status, err := os.ReadFile(filepath.Join("/proc", word, "status"))
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(status), "\n") {
			fields := strings.Fields(line)
			if len(fields) == 3 && fields[0] == "NSpid:" && fields[2] == "1" {
				process, err := identify(pid)
				return process, err == nil
			}
		}
	}
	return Process{}, false
}
