package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// shutdownPatience is what a guest gets for the last step of its shutdown. In it systemd-shutdown kills what is left,
// unmounts and syncs all of this host's file systems, for which it waits 40 s and more on a busy machine. Nothing is
// lost by ending it sooner: the guest's disks are files and mounts of this host's kernel, which writes them in its own time.
const shutdownPatience = 3 * time.Second

// shutdownVerb says what the guest's process 1 is ending in, "reboot", "poweroff" or "halt"; empty while it runs.
func (p Process) shutdownVerb() string {
	text, err := os.ReadFile(filepath.Join("/proc", fmt.Sprint(p.PID), "cmdline"))
	if err != nil {
		return ""
	}
	words := strings.Split(string(text), "\x00")
	if len(words) < 2 || filepath.Base(words[0]) != "systemd-shutdown" {
		return ""
	}
	return words[1]
}

// hasten ends a guest that takes too long for the last step of its shutdown, and remembers whether it was to reboot.
func (m *Machine) hasten() {
	var since time.Time
	for {
		select {
		case <-m.done:
			return
		case <-time.After(200 * time.Millisecond):
		}
		verb := m.record.Init.shutdownVerb()
		switch {
		case verb == "":
			since = time.Time{}
		case since.IsZero():
			since = time.Now()
		case time.Since(since) > shutdownPatience:
			m.mu.Lock()
			m.hastened = verb
			m.mu.Unlock()
			_ = m.record.Init.signal(syscall.SIGKILL)
			if !m.record.Nspawn.waitGone(time.Second) {
				_ = m.record.Nspawn.signal(syscall.SIGKILL)
			}
			return
		}
	}
}
