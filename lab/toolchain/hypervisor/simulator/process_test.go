package simulator

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"lab/toolchain/hypervisor/guest"
)

// program builds the command once for a test.
func program(t *testing.T) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hypervisor")
	command(t, "go", "build", "-o", file, "..")
	return file
}

func writeJSONFile(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	file := filepath.Join(t.TempDir(), "file.json")
	must(t, os.WriteFile(file, text, 0o600))
	return file
}

// serve runs `hypervisor serve` and waits for its ready line.
func serve(t *testing.T, program, config string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command(program, "serve", "--config", config)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(out).ReadString('\n')
	must(t, err)
	return cmd, strings.TrimSpace(strings.TrimPrefix(line, "ready "))
}

func TestNothingIsLeftAfterTheProcess(t *testing.T) {
	config := bootableConfig(t)
	config.ShutdownGraceSeconds = 20
	hypervisor := program(t)
	file := writeJSONFile(t, config)
	stateDir := filepath.Join(config.machinesDir(), config.NamespacePrefix+"jump")
	boot := func() *exec.Cmd {
		process, address := serve(t, hypervisor, file)
		s := connectSite(t, config, address)
		vm := s.clone("jump", &types.VirtualMachineConfigSpec{ExtraConfig: cloudInit("jump", "172.20.10.10", "#cloud-config\n")})
		s.wait(vm.PowerOn(s.ctx))
		eventually(t, "address reported", time.Minute, func() (bool, string) {
			address := s.properties(vm).Guest.IpAddress
			return address == "172.20.10.10", address
		})
		return process
	}

	t.Run("killed, then reaped", func(t *testing.T) {
		process := boot()
		command(t, hypervisor, "reap", "--config", file)
		status, err := guest.StatusOf(stateDir)
		must(t, err)
		if !status.Running {
			t.Fatal("reap ended the machine of a hypervisor that is alive")
		}
		must(t, process.Process.Kill())
		_ = process.Wait()
		command(t, hypervisor, "reap", "--config", file)
		if _, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", status.InitPID)); err == nil {
			t.Errorf("the guest's process 1 (%d) survived", status.InitPID)
		}
		checkNothingLeft(t, config)
	})
	t.Run("told to end", func(t *testing.T) {
		process := boot()
		must(t, process.Process.Signal(syscall.SIGTERM))
		must(t, process.Wait())
		events, err := os.ReadFile(config.eventsFile())
		must(t, err)
		if !strings.HasSuffix(strings.TrimSpace(string(events)), `"event":"vcenter-stopped"}`) {
			t.Errorf("events end with %s", events[max(0, len(events)-200):])
		}
		checkNothingLeft(t, config)
	})
}

func TestFixtureMachine(t *testing.T) {
	config := bootableConfig(t)
	hypervisor := program(t)
	dir := filepath.Join(t.TempDir(), "client")
	etc := filepath.Join(dir, "upper", "etc")
	must(t, os.MkdirAll(filepath.Join(etc, "cloud"), 0o755))
	must(t, os.WriteFile(filepath.Join(etc, "hostname"), []byte("client\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(etc, "cloud", "cloud-init.disabled"), nil, 0o644))
	spec := writeJSONFile(t, guest.Spec{
		Name: config.NamespacePrefix + "client", Root: config.Templates[0].Root, StateDir: dir,
		SwitchNamespace: config.Switch.Namespace,
		Interfaces:      []guest.Interface{{Name: "eth0", Bridge: "vlan", Addresses: []string{"172.20.10.5/24"}, Gateway: "172.20.10.1"}},
		Binds:           []guest.Bind{{Source: config.StateDir, Target: "/shown", ReadOnly: true}},
	})
	t.Cleanup(func() { command(t, hypervisor, "guest", "remove", "--state-dir", dir) })
	run := func(args ...string) (string, int) {
		cmd := exec.Command(hypervisor, append([]string{"guest"}, args...)...)
		out, err := cmd.CombinedOutput()
		var failure *exec.ExitError
		if err != nil && !errors.As(err, &failure) {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	expect := func(want string, code int, args ...string) {
		t.Helper()
		start := time.Now()
		defer func() { t.Logf("%v: %s", args, time.Since(start)) }()
		if out, got := run(args...); got != code || !strings.Contains(out, want) {
			t.Fatalf("%v: exit code %d, want %d with %q: %s", args, got, code, want, out)
		}
	}
	expect("", 3, "status", "--state-dir", dir)
	expect("", 0, "start", "--spec", spec)
	expect("", 0, "start", "--spec", spec)
	expect("client", 0, "exec", "--state-dir", dir, "--", "hostname")
	expect("", 7, "exec", "--state-dir", dir, "--", "sh", "-c", "exit 7")
	expect("default via 172.20.10.1", 0, "exec", "--state-dir", dir, "--", "ip", "route")
	expect("Read-only", 1, "exec", "--state-dir", dir, "--", "touch", "/shown/x")
	expect("", 0, "exec", "--state-dir", dir, "--", "touch", "/kept")
	expect("", 0, "exec", "--state-dir", dir, "--", "systemctl", "reboot")
	eventually(t, "machine after its reboot", time.Minute, func() (bool, string) {
		out, code := run("start", "--spec", spec)
		if code != 0 {
			return false, out
		}
		out, code = run("exec", "--state-dir", dir, "--", "sh", "-c", "ls /kept && ip route && uptime")
		return code == 0 && strings.Contains(out, "default via"), out
	})
	expect("", 0, "stop", "--state-dir", dir)
	expect("does not run", 3, "status", "--state-dir", dir)
	expect("", 0, "start", "--spec", spec)
	expect("/kept", 0, "exec", "--state-dir", dir, "--", "ls", "/kept")
	expect("", 0, "remove", "--state-dir", dir)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the machine's disk stayed: %v", err)
	}
	checkNothingLeft(t, config)
}
