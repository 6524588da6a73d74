package guest

import (
	"os"
	"path/filepath"
)

// The guest sees a directory of this host as /run/hypervisor, and single files of it as systemd configuration below
// /run. Nothing of the lab lands on the VM's disk that way.
const (
	runTarget     = "/run/hypervisor"
	unitDirectory = "/run/systemd/system"
)

// ProductUUIDFile is where the guest finds Spec.UUID, since the kernel has no /sys/class/dmi here. A privileged machine
// sees it there as well.
const ProductUUIDFile = runTarget + "/product_uuid"

// fstabUnit mounts what /etc/fstab says. In a container systemd ignores fstab's block devices, since it expects no udev
// and no devices of their own there; these guests do have disks, and on a VM systemd would mount them at every boot.
const fstabUnit = `[Unit]
Description=Mount the disks of /etc/fstab
DefaultDependencies=no
After=systemd-remount-fs.service
Before=local-fs.target cloud-init-local.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/mount --all
`

// runDirectory collects what the guest is to see, and the binds that show it.
type runDirectory struct {
	path  string
	binds []Bind
	err   error
}

// writeRun fills the machine's run directory afresh: its product UUID, the units for its disks and a node's kernel, and, where the machine
// has guestinfo, the environment of cloud-init, readable by the guest's root alone as on a real VM.
func writeRun(l layout, spec Spec) ([]Bind, error) {
	if err := os.RemoveAll(l.run()); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.run(), 0o755); err != nil {
		return nil, err
	}
	run := &runDirectory{path: l.run(), binds: []Bind{{Source: l.run(), Target: runTarget, ReadOnly: true}}}
	if spec.UUID != "" {
		run.write(filepath.Base(ProductUUIDFile), spec.UUID+"\n", 0o444)
	}
	if len(spec.Disks) > 0 {
		run.unit("fstab.service", fstabUnit, "hypervisor-fstab.service")
		run.unit("local-fs.conf", "[Unit]\nWants=hypervisor-fstab.service\n", "local-fs.target.d/10-hypervisor.conf")
	}
	if spec.Privileged {
		run.write("node-kernel", nodeKernel, 0o444)
		run.unit("node-kernel.service", nodeKernelUnit, "hypervisor-node-kernel.service")
		run.unit("node-kernel.conf", "[Unit]\nRequires=hypervisor-node-kernel.service\n", "sysinit.target.d/10-hypervisor.conf")
	}
	environment, err := guestinfoEnvironment(spec.CloudInit)
	if err != nil {
		return nil, err
	}
	if environment != "" {
		run.write("guestinfo.env", environment, 0o600)
		for _, unit := range cloudInitUnits {
			dropIn := "[Service]\nEnvironmentFile=" + runTarget + "/guestinfo.env\n"
			run.unit("guestinfo.conf", dropIn, unit+".d/10-hypervisor.conf")
		}
	}
	return run.binds, run.err
}

func (r *runDirectory) write(name, content string, mode os.FileMode) {
	if err := os.WriteFile(filepath.Join(r.path, name), []byte(content), mode); err != nil && r.err == nil {
		r.err = err
	}
}

// unit shows a file of the run directory as systemd configuration.
func (r *runDirectory) unit(name, content, target string) {
	r.write(name, content, 0o644)
	r.binds = append(r.binds, Bind{Source: filepath.Join(r.path, name), Target: filepath.Join(unitDirectory, target), ReadOnly: true})
}
