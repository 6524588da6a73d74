package guest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"
)

// Supervise runs a machine over its reboots until it powers off or this process is told to end it.
func Supervise(spec Spec, grace time.Duration) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, SignalStop, SignalKill)
	l := layout{spec.StateDir}
	self, err := identify(os.Getpid())
	if err != nil {
		return err
	}
	if other := loadSupervisor(l); other.alive() {
		return fmt.Errorf("machine %s is supervised by process %d already", spec.Name, other.PID)
	}
	if err := saveJSON(l.supervisor(), self); err != nil {
		return err
	}
	defer os.Remove(l.supervisor())
	for {
		machine, err := Boot(spec)
		if err != nil {
			return err
		}
		select {
		case <-machine.Done():
			if exit := machine.Wait(); !exit.Rebooted || exit.Err != nil {
				return exit.Err
			}
		case received := <-signals:
			if received == SignalStop {
				return machine.Stop(grace).Err
			}
			return machine.Kill().Err
		}
	}
}

// loadSupervisor returns the machine's supervisor; the zero Process, which is not alive, if it has none.
func loadSupervisor(l layout) Process {
	var supervisor Process
	if text, err := os.ReadFile(l.supervisor()); err == nil {
		_ = json.Unmarshal(text, &supervisor)
	}
	return supervisor
}

// Environment is what a command inside a guest gets: nothing of this host's but the terminal.
func Environment() []string {
	return []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
		"TERM=" + os.Getenv("TERM"),
	}
}

// Ask runs a command inside a guest and returns what it prints, trimmed, however it ends; for questions whose answer is
// in the output. A guest that is going down may not answer at all, hence the limit.
func Ask(initPID int, limit time.Duration, command ...string) string {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "nsenter", append([]string{"-t", fmt.Sprint(initPID), "-a"}, command...)...)
	cmd.Env = Environment()
	cmd.WaitDelay = time.Second // a grandchild may hold the pipe
	out, _ := cmd.Output()
	return strings.TrimSpace(string(out))
}
