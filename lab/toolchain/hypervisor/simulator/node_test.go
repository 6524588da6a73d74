package simulator

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"lab/toolchain/hypervisor/guest"
)

// A clone of a privileged template finds what kubelet and containerd expect of a VM, and changes nothing of this machine's.
func TestANodeHasAKernelOfItsOwn(t *testing.T) {
	config := bootableConfig(t)
	config.Templates[0].Privileged = true
	s := startSite(t, config)
	vm := s.clone("node", &types.VirtualMachineConfigSpec{ExtraConfig: cloudInit("node", "172.20.10.100", "#cloud-config\n{}\n")})
	s.wait(vm.PowerOn(s.ctx))
	inside := func(script string) string {
		machine := s.vcenter.running(vm.Reference())
		if machine == nil {
			return "off"
		}
		return guest.Ask(machine.InitPID(), 30*time.Second, "sh", "-c", script+" 2>&1")
	}
	booted := func() (bool, string) {
		out := inside("systemctl is-active hypervisor-node-kernel.service && cloud-init status --wait")
		return strings.HasPrefix(out, "active\n") && strings.Contains(out, "status: done"), out
	}
	eventually(t, "boot", 90*time.Second, booted)
	if out := inside("cat /sys/class/dmi/id/product_uuid"); out != s.properties(vm).Config.Uuid {
		t.Errorf("product UUID is %q", out)
	}
	host := map[string]string{}
	for sysctl, want := range map[string]string{"vm/overcommit_memory": "1", "kernel/panic": "10"} {
		before, err := os.ReadFile("/proc/sys/" + sysctl)
		must(t, err)
		host[sysctl] = string(before)
		if out := inside("cat /proc/sys/" + sysctl); out != want {
			t.Errorf("%s is %q for kubelet", sysctl, out)
		}
		inside("echo 2 >/proc/sys/" + sysctl)
	}
	for sysctl, before := range host {
		if after, _ := os.ReadFile("/proc/sys/" + sysctl); string(after) != before {
			t.Errorf("%s of this machine went from %q to %q", sysctl, before, after)
		}
	}
	for what, script := range map[string]string{
		"an overlay on containerd's directory": "cd /var/lib/containerd && mkdir l u w m && mount -t overlay -o lowerdir=l,upperdir=u,workdir=w overlay m && touch m/x && umount m && rm -r l u w m",
		"a group in each hierarchy":            "for h in /sys/fs/cgroup/*/cgroup.procs; do mkdir ${h%/*}/kubepods && rmdir ${h%/*}/kubepods || exit 1; done",
		"a BPF file system":                    "findmnt -t bpf /sys/fs/bpf",
		"mounts that propagate":                "findmnt -n -o PROPAGATION / | grep shared",
		"the kernel's log":                     "test -r /dev/kmsg",
		"a tun device":                         "ip tuntap add dev try0 mode tun && ip link delete try0",
		"kubelet's directory":                  "touch /var/lib/kubelet/kept",
	} {
		if out := inside(script + " && echo fine"); !strings.HasSuffix(out, "fine") {
			t.Errorf("%s: %s", what, out)
		}
	}
	boot := inside("cat /proc/sys/kernel/random/boot_id")
	must(t, vm.RebootGuest(s.ctx))
	eventually(t, "reboot", 90*time.Second, func() (bool, string) {
		now := inside("cat /proc/sys/kernel/random/boot_id")
		return len(now) == len(boot) && now != boot, now
	})
	eventually(t, "boot", 90*time.Second, booted)
	if out := inside("ls /var/lib/kubelet"); out != "kept" {
		t.Errorf("after the reboot kubelet's directory holds %q", out)
	}
	s.wait(vm.PowerOff(s.ctx))
	s.wait(vm.Destroy(s.ctx))
	checkNothingLeft(t, config)
}
