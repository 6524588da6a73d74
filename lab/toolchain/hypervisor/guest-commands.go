package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"lab/toolchain/hypervisor/guest"
)

func guestCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "guest",
		Short: "Run machines that are no VMs: firewall, name servers, clients",
		Long: `Run machines that are no VMs. A machine is described by a spec file (JSON, package guest's Spec) and known by its
state directory, which holds its disk (upper/), console.log and, while it runs, record.json.`,
	}
	cmd.AddCommand(guestStart(), guestSupervise(), guestStop(), guestRemove(), guestExec(), guestStatus(), guestList())
	return cmd
}

func stateDirFlag(cmd *cobra.Command) *string {
	dir := cmd.Flags().String("state-dir", "", "the machine's state directory")
	_ = cmd.MarkFlagRequired("state-dir")
	return dir
}

func specFlag(cmd *cobra.Command) *string {
	file := cmd.Flags().String("spec", "", "JSON file that describes the machine")
	_ = cmd.MarkFlagRequired("spec")
	return file
}

func guestStart() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "start --spec FILE",
		Short: "Boot a machine and return once its systemd is up",
		Long: `Boot a machine and return once its systemd reports "running", or "degraded", whose failed units are then printed.
The machine lives on when this command ends. One that runs already is left as it is.`,
		Args: cobra.NoArgs,
	}
	file := specFlag(cmd)
	limit := cmd.Flags().Duration("timeout", 2*time.Minute, "how long the boot may take")
	cmd.RunE = func(*cobra.Command, []string) error {
		spec, err := guest.LoadSpec(*file)
		if err != nil {
			return err
		}
		deadline := time.Now().Add(*limit)
		status, err := guest.StatusOf(spec.StateDir)
		if err != nil {
			return err
		}
		if !status.Running && status.Launcher == 0 {
			// One that was killed with its supervisor leaves a record; clean up after it first.
			if err := guest.Halt(spec.StateDir, guest.SignalKill, time.Minute); err != nil {
				return err
			}
			if err := launchSupervisor(*file, spec); err != nil {
				return err
			}
		}
		return awaitSystem(spec, deadline)
	}
	return cmd
}

// launchSupervisor starts this program again as the machine's supervisor, in a session of its own, and waits until the
// machine's process 1 runs.
func launchSupervisor(file string, spec guest.Spec) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(spec.StateDir, 0o755); err != nil {
		return err
	}
	logFile := filepath.Join(spec.StateDir, "supervisor.log")
	log, err := os.Create(logFile)
	if err != nil {
		return err
	}
	defer log.Close()
	file, err = filepath.Abs(file)
	if err != nil {
		return err
	}
	supervisor := exec.Command(self, "guest", "supervise", "--spec", file)
	supervisor.Dir, supervisor.Stdout, supervisor.Stderr = "/", log, log
	supervisor.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := supervisor.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- supervisor.Wait() }()
	for {
		select {
		case err := <-ended:
			text, _ := os.ReadFile(logFile)
			return fmt.Errorf("machine %s did not start (%v): %s", spec.Name, err, text)
		case <-time.After(20 * time.Millisecond):
			if status, err := guest.StatusOf(spec.StateDir); err == nil && status.Running {
				return nil
			}
		}
	}
}

// awaitSystem waits for the guest's systemd to have finished its boot.
func awaitSystem(spec guest.Spec, deadline time.Time) error {
	last := ""
	for time.Now().Before(deadline) {
		status, err := guest.StatusOf(spec.StateDir)
		if err != nil {
			return err
		}
		if !status.Running && status.Launcher == 0 {
			return fmt.Errorf("machine %s stopped while it booted: see %s", spec.Name, status.Console)
		}
		if !status.Running {
			time.Sleep(50 * time.Millisecond) // it reboots
			continue
		}
		last = guest.Ask(status.InitPID, 5*time.Second, "systemctl", "is-system-running")
		switch last {
		case "running":
			return nil
		case "degraded":
			failed := guest.Ask(status.InitPID, 5*time.Second, "systemctl", "--failed", "--no-legend", "--plain")
			fmt.Fprintf(os.Stderr, "machine %s is up, but these units failed:\n%s\n", spec.Name, failed)
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("machine %s: systemd is %q after the time it had: see %s", spec.Name, last, filepath.Join(spec.StateDir, "console.log"))
}

func guestSupervise() *cobra.Command {
	cmd := &cobra.Command{Use: "supervise --spec FILE", Short: "Run a machine in the foreground, over its reboots", Args: cobra.NoArgs}
	file := specFlag(cmd)
	grace := cmd.Flags().Duration("grace", 20*time.Second, "what the guest gets to power off on SIGTERM; SIGQUIT cuts the power")
	cmd.RunE = func(*cobra.Command, []string) error {
		spec, err := guest.LoadSpec(*file)
		if err != nil {
			return err
		}
		return guest.Supervise(spec, *grace)
	}
	return cmd
}

func guestStop() *cobra.Command {
	cmd := &cobra.Command{Use: "stop --state-dir DIR", Short: "Power a machine off in order and keep its disk", Args: cobra.NoArgs}
	dir := stateDirFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error { return guest.Halt(*dir, guest.SignalStop, time.Minute) }
	return cmd
}

func guestRemove() *cobra.Command {
	cmd := &cobra.Command{
		Use: "remove --state-dir DIR", Short: "Cut a machine's power and delete it with its disk; one that is absent is fine",
		Args: cobra.NoArgs,
	}
	dir := stateDirFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := guest.Halt(*dir, guest.SignalKill, time.Minute); err != nil {
			return err
		}
		return guest.Erase(*dir)
	}
	return cmd
}

func guestExec() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "exec --state-dir DIR -- COMMAND [ARGUMENT...]",
		Short: "Run a command inside a machine, with its exit code",
		Args:  cobra.MinimumNArgs(1),
	}
	dir := stateDirFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		status, err := guest.StatusOf(*dir)
		if err != nil {
			return err
		}
		if !status.Running {
			return fmt.Errorf("no machine runs in %s", *dir)
		}
		nsenter, err := exec.LookPath("nsenter")
		if err != nil {
			return err
		}
		// In this process's place, so that terminal, signals and exit code need no passing on.
		return syscall.Exec(nsenter, append([]string{"nsenter", "-t", fmt.Sprint(status.InitPID), "-a"}, args...), guest.Environment())
	}
	return cmd
}

func guestStatus() *cobra.Command {
	cmd := &cobra.Command{Use: "status --state-dir DIR", Short: "Say whether a machine runs; exit code 3 if it does not (0 with --json)", Args: cobra.NoArgs}
	dir := stateDirFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print the status as JSON")
	cmd.RunE = func(*cobra.Command, []string) error {
		status, err := guest.StatusOf(*dir)
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(os.Stdout).Encode(status)
		}
		printStatus(status)
		if !status.Running {
			return exitCode(3)
		}
		return nil
	}
	return cmd
}

func guestList() *cobra.Command {
	cmd := &cobra.Command{Use: "list --parent DIR", Short: "List the machines whose state lies below a directory", Args: cobra.NoArgs}
	parent := cmd.Flags().String("parent", "", "the directory that holds the machines' state directories")
	_ = cmd.MarkFlagRequired("parent")
	asJSON := cmd.Flags().Bool("json", false, "print the list as JSON")
	cmd.RunE = func(*cobra.Command, []string) error {
		list, err := guest.List(*parent)
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(os.Stdout).Encode(list)
		}
		for _, status := range list {
			printStatus(status)
		}
		return nil
	}
	return cmd
}

func printStatus(status guest.Status) {
	if status.Running {
		fmt.Printf("%s: runs, process 1 is %d here, namespace %s\n", status.StateDir, status.InitPID, status.Namespace)
	} else {
		fmt.Printf("%s: does not run\n", status.StateDir)
	}
}

// exitCode is an error that says nothing but ends the program with a code.
type exitCode int

// Error is never printed.
func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func exitCodeOf(err error) (int, bool) {
	var code exitCode
	if errors.As(err, &code) {
		return int(code), true
	}
	return 0, false
}
