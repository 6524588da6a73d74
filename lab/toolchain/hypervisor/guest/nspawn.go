package guest

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// networkCapabilities let a guest be master of its own network namespace: addresses, routes, nftables, raw sockets.
var networkCapabilities = []string{"CAP_NET_ADMIN", "CAP_NET_RAW"}

// intoCgroups moves itself into the machine's groups before it becomes nspawn; a child cannot be born into v1 groups.
const intoCgroups = `for dir in $MACHINE_CGROUPS; do echo $$ >"$dir/cgroup.procs" || exit 1; done; unset MACHINE_CGROUPS; exec "$@"`

// nspawnCommand composes the container's command line; lab recipes explain each flag that is not obvious.
func nspawnCommand(spec Spec, rootfs string, cgroups []string, binds []Bind) *exec.Cmd {
	args := []string{
		"systemd-nspawn", "--quiet", "--directory=" + rootfs, "--machine=" + spec.Name, "--boot",
		// No systemd-machined runs here: the machine is known by its record instead.
		"--register=no", "--keep-unit", "--settings=no",
		"--network-namespace-path=" + namespacePath(spec.Namespace),
		"--console=read-only",
		// The guest's own configuration decides on these; nspawn's copying of the host's also costs 10 s of boot.
		"--resolv-conf=off", "--timezone=off", "--link-journal=no",
	}
	if spec.UUID != "" {
		args = append(args, "--uuid="+spec.UUID)
	}
	if spec.Privileged {
		args = append(args, "--capability=all")
	} else {
		args = append(args, "--capability="+strings.Join(append(networkCapabilities, spec.Capabilities...), ","))
	}
	for _, bind := range binds {
		flag := "--bind="
		if bind.ReadOnly {
			flag = "--bind-ro="
		}
		args = append(args, flag+escapeBind(bind.Source)+":"+escapeBind(bind.Target))
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", intoCgroups, "sh"}, args...)...)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"MACHINE_CGROUPS=" + strings.Join(cgroups, " "),
		// Filtering system calls needs a privilege that containers of CI machines often lack, and isolates nothing here
		// that the lab relies on.
		"SYSTEMD_SECCOMP=0",
		// A machine's directory is its own; nspawn's locks of it would pile up in /run/systemd/nspawn/locks.
		"SYSTEMD_NSPAWN_LOCK=0",
		// /proc/sys/net of the guest's own namespace becomes writable: forwarding, rp_filter and the like are the guest's.
		"SYSTEMD_NSPAWN_API_VFS_WRITABLE=network",
	}
	// A session of its own: a terminal's interrupt is for the hypervisor, which then shuts guests down in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return cmd
}

// escapeBind protects the separators of nspawn's --bind=.
func escapeBind(path string) string { return strings.NewReplacer(`\`, `\\`, ":", `\:`).Replace(path) }
