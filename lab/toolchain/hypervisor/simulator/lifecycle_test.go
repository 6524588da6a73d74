package simulator

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"lab/toolchain/hypervisor/guest"
)

// rootDirectory is a template's root: Debian 12 with systemd, cloud-init and e2fsprogs, as the lab builds it.
func rootDirectory(t *testing.T) string {
	t.Helper()
	root := os.Getenv("HYPERVISOR_TEST_ROOT")
	if root == "" || os.Geteuid() != 0 {
		t.Fatal("booting guests needs root, and HYPERVISOR_TEST_ROOT naming a template's root directory")
	}
	return root
}

func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// bootableConfig has a switch of its own, with an address on it to reach guests from.
func bootableConfig(t *testing.T) *Config {
	t.Helper()
	config := testConfig(t)
	config.Templates[0].Root = rootDirectory(t)
	config.NamespacePrefix = fmt.Sprintf("kt%d-", os.Getpid())
	config.Switch.Namespace = config.NamespacePrefix + "switch"
	command(t, "ip", "netns", "add", config.Switch.Namespace)
	t.Cleanup(func() { command(t, "ip", "netns", "del", config.Switch.Namespace) })
	command(t, "ip", "-n", config.Switch.Namespace, "link", "add", "vlan", "type", "bridge")
	command(t, "ip", "-n", config.Switch.Namespace, "link", "set", "vlan", "up")
	command(t, "ip", "-n", config.Switch.Namespace, "addr", "add", "172.20.10.1/24", "dev", "vlan")
	return config
}

func cloudInit(host, address, userData string) []types.BaseOptionValue {
	metadata := fmt.Sprintf(`instance-id: %[1]s
local-hostname: %[1]s
network:
  version: 2
  ethernets:
    ens192:
      addresses: [%[2]s/24]
      routes: [{to: 0.0.0.0/0, via: 172.20.10.1}]
`, host, address)
	encode := func(key, value string) []types.BaseOptionValue {
		return []types.BaseOptionValue{
			&types.OptionValue{Key: "guestinfo." + key, Value: base64.StdEncoding.EncodeToString([]byte(value))},
			&types.OptionValue{Key: "guestinfo." + key + ".encoding", Value: "base64"},
		}
	}
	return append(encode("metadata", metadata), encode("userdata", userData)...)
}

// eventually polls a condition; the message says what was last seen.
func eventually(t *testing.T, what string, limit time.Duration, condition func() (bool, string)) {
	t.Helper()
	last := ""
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		var ok bool
		if ok, last = condition(); ok {
			return
		}
	}
	t.Fatalf("%s: not within %s: %s", what, limit, last)
}

func TestLifeOfAVM(t *testing.T) {
	config := bootableConfig(t)
	s := startSite(t, config)
	vm := s.clone("jump", &types.VirtualMachineConfigSpec{ExtraConfig: cloudInit("jump", "172.20.10.10", `#cloud-config
ssh_genkeytypes: [ed25519]
write_files:
- {path: /etc/greeting, content: "it's $HOME\n"}
fs_setup:
- {device: /dev/sdb, partition: none, filesystem: ext4, label: data}
mounts:
- [/dev/sdb, /data]
runcmd:
- [touch, /data/kept]
`)})
	devices, err := vm.Device(s.ctx)
	must(t, err)
	controller, err := devices.FindDiskController("")
	must(t, err)
	data := devices.CreateDisk(controller, s.vcenter.inventory.datastore.Self, "[vsan] jump/data.vmdk")
	data.CapacityInKB = 64 * 1024
	must(t, vm.AddDevice(s.ctx, data))

	start := time.Now()
	s.wait(vm.PowerOn(s.ctx))
	t.Logf("power-on task: %s", time.Since(start))
	eventually(t, "address reported", 60*time.Second, func() (bool, string) {
		guest := s.properties(vm).Guest
		return guest.IpAddress == "172.20.10.10" && guest.HostName == "jump" && guest.ToolsRunningStatus == "guestToolsRunning", guest.IpAddress + " " + guest.HostName
	})
	t.Logf("address reported: %s", time.Since(start))
	inside := func(args ...string) string {
		machine := s.vcenter.running(vm.Reference())
		if machine == nil {
			return "off"
		}
		return guest.Ask(machine.InitPID(), 30*time.Second, args...)
	}
	if out := inside("cloud-init", "status", "--wait"); !strings.Contains(out, "status: done") {
		t.Fatalf("cloud-init: %s\n%s", out, inside("cat", "/var/log/cloud-init-output.log"))
	}
	t.Logf("cloud-init done: %s", time.Since(start))
	if out := inside("cat", "/etc/greeting"); out != "it's $HOME" {
		t.Errorf("greeting is %q", out)
	}
	if out := inside("ls", "/data"); !strings.Contains(out, "kept") || !strings.Contains(inside("findmnt", "/data"), "ext4") {
		t.Errorf("/data holds %q: %s", out, inside("cat", "/var/log/cloud-init.log"))
	}
	if out := inside("cat", guest.ProductUUIDFile); out != s.properties(vm).Config.Uuid {
		t.Errorf("product UUID is %q", out)
	}
	if out := command(t, "ip", "netns", "exec", config.Switch.Namespace, "bash", "-c", "exec 3<>/dev/tcp/172.20.10.10/22; head -c4 <&3"); out != "SSH-" {
		t.Errorf("port 22 answers %q", out)
	}
	properties := s.properties(vm)
	if nic := properties.Guest.Net[0]; nic.Network != "kubernetes.cmp" || nic.MacAddress != cardsOf(properties)[0].MacAddress {
		t.Errorf("guest.net is %+v", nic)
	}
	if route := properties.Guest.IpStack[0].IpRouteConfig.IpRoute[0]; route.Gateway.IpAddress != "172.20.10.1" {
		t.Errorf("guest.ipStack is %+v", route)
	}

	boot := inside("cat", "/proc/sys/kernel/random/boot_id")
	must(t, vm.RebootGuest(s.ctx))
	eventually(t, "reboot", 90*time.Second, func() (bool, string) {
		if s.vcenter.running(vm.Reference()) == nil {
			return false, "off"
		}
		now := inside("cat", "/proc/sys/kernel/random/boot_id")
		return now != boot && len(now) == len(boot) && strings.Contains(inside("ls", "/data"), "kept"), "boot " + now + ", before it " + boot
	})
	eventually(t, "address after the reboot", 40*time.Second, func() (bool, string) {
		guest := s.properties(vm).Guest
		return guest.IpAddress == "172.20.10.10", guest.IpAddress
	})
	// As Cluster API asks before it shuts a guest down; no answer ends its controller in a panic.
	var asked mo.VirtualMachine
	must(t, vm.Properties(s.ctx, vm.Reference(), []string{"guest.guestStateChangeSupported"}, &asked))
	if asked.Guest == nil || asked.Guest.GuestStateChangeSupported == nil || !*asked.Guest.GuestStateChangeSupported {
		t.Error("a running guest offers no shutdown")
	}
	must(t, vm.ShutdownGuest(s.ctx))
	eventually(t, "guest shut down", 60*time.Second, func() (bool, string) {
		properties := s.properties(vm)
		return properties.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOff && properties.Guest.IpAddress == "", string(properties.Runtime.PowerState)
	})
	name := config.NamespacePrefix + "jump"
	if out := command(t, "ip", "netns", "list"); strings.Contains(out, name) {
		t.Errorf("namespace %s is still there", name)
	}

	// What changes while the VM is off is what its next boot reads; its disk is the one it had.
	s.wait(vm.Reconfigure(s.ctx, types.VirtualMachineConfigSpec{ExtraConfig: cloudInit("renamed", "172.20.10.12", "#cloud-config\n")}))
	s.wait(vm.PowerOn(s.ctx))
	reported := func(host, address string) func() (bool, string) {
		return func() (bool, string) {
			guest := s.properties(vm).Guest
			return guest.IpAddress == address && guest.HostName == host, guest.HostName + " " + guest.IpAddress
		}
	}
	eventually(t, "boot with other guestinfo", 60*time.Second, reported("renamed", "172.20.10.12"))
	if out := inside("cat", "/etc/greeting"); out != "it's $HOME" {
		t.Errorf("after the power cycle the greeting is %q", out)
	}
	boot = inside("cat", "/proc/sys/kernel/random/boot_id")
	s.wait(vm.Reset(s.ctx))
	if now := inside("cat", "/proc/sys/kernel/random/boot_id"); now == boot || len(now) != len(boot) {
		t.Errorf("after the reset the boot is %q, before it was %q", now, boot)
	}
	eventually(t, "boot after the reset", 60*time.Second, reported("renamed", "172.20.10.12"))
	start = time.Now()
	s.wait(vm.PowerOff(s.ctx))
	t.Logf("power-off: %s", time.Since(start))
	s.wait(vm.Destroy(s.ctx))
	if _, err := os.Stat(filepath.Join(config.machinesDir(), name)); !os.IsNotExist(err) {
		t.Errorf("the VM's disk stayed: %v", err)
	}
	checkNothingLeft(t, config)
}

func TestPowerOnSaysWhyItFailed(t *testing.T) {
	config := testConfig(t)
	s := startSite(t, config)
	vm := s.clone("jump", &types.VirtualMachineConfigSpec{ExtraConfig: []types.BaseOptionValue{
		&types.OptionValue{Key: "guestinfo.userdata", Value: strings.Repeat("x", 140_000)},
	}})
	_, err := vm.PowerOn(s.ctx)
	if err == nil || !strings.Contains(err.Error(), config.Switch.Namespace) {
		t.Errorf("with a switch that does not exist: %v", err)
	}
	if state := s.properties(vm).Runtime.PowerState; state != types.VirtualMachinePowerStatePoweredOff {
		t.Errorf("the VM is %s", state)
	}
	command(t, "ip", "netns", "add", config.Switch.Namespace)
	defer command(t, "ip", "netns", "del", config.Switch.Namespace)
	command(t, "ip", "-n", config.Switch.Namespace, "link", "add", "vlan", "type", "bridge")
	if _, err := vm.PowerOn(s.ctx); err == nil || !strings.Contains(err.Error(), "guestinfo.userdata has 140000 bytes") {
		t.Errorf("with user-data that is too large: %v", err)
	}
	checkNothingLeft(t, config)
}

// checkNothingLeft looks for mounts, loop devices and namespaces of this test.
func checkNothingLeft(t *testing.T, config *Config) {
	t.Helper()
	for what, out := range map[string]string{
		"mount": command(t, "cat", "/proc/mounts"), "loop device": command(t, "losetup", "-a"),
	} {
		if strings.Contains(out, config.StateDir) {
			t.Errorf("%s left: %s", what, out)
		}
	}
	for _, line := range strings.Split(command(t, "ip", "netns", "list"), "\n") {
		if strings.HasPrefix(line, config.NamespacePrefix) && !strings.HasPrefix(line, config.Switch.Namespace) {
			t.Errorf("namespace left: %s", line)
		}
	}
}
