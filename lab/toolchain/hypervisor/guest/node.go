package guest

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// nodeKernel gives a privileged machine what a VM's own kernel would.
//
//go:embed node-kernel.sh
var nodeKernel string

// nodeKernelUnit runs it before any service, cloud-init's first stage included.
const nodeKernelUnit = `[Unit]
Description=What a node has of a kernel of its own
DefaultDependencies=no
Before=local-fs.target sysinit.target cloud-init-local.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh ` + runTarget + `/node-kernel
`

// nodeDevices are devices of this host that a node opens: kubelet watches the kernel's log, a WireGuard in user space
// makes its interface through tun.
var nodeDevices = []string{"/dev/kmsg", "/dev/net/tun"}

// nodeDirectories cannot lie on the machine's overlay: containerd mounts overlays of its own in the first, which the
// kernel refuses on top of another, and the other two write as to a disk.
var nodeDirectories = []string{"/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd"}

// nodeBinds gives a node its devices and its real directories, which live in the state directory as long as the VM does.
// What the template holds in such a directory is there at the first boot.
func nodeBinds(l layout, root string) ([]Bind, error) {
	var binds []Bind
	for _, device := range nodeDevices {
		binds = append(binds, Bind{Source: device, Target: device})
	}
	for _, target := range nodeDirectories {
		source := filepath.Join(l.volumes(), target)
		if err := seed(source, filepath.Join(root, target)); err != nil {
			return nil, fmt.Errorf("%s of a node: %w", target, err)
		}
		binds = append(binds, Bind{Source: source, Target: target})
	}
	return binds, nil
}

// seed makes a directory, with the template's content, if it is not there. Copied aside and renamed, since a copy that
// was interrupted must not pass for a whole one.
func seed(dir, template string) error {
	if _, err := os.Stat(dir); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	next := dir + ".next"
	if err := os.RemoveAll(next); err != nil {
		return err
	}
	if err := os.MkdirAll(next, 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(template); err == nil {
		if out, err := exec.Command("cp", "-a", "--reflink=auto", template+"/.", next).CombinedOutput(); err != nil {
			return fmt.Errorf("copy of %s: %w: %s", template, err, out)
		}
	}
	return os.Rename(next, dir)
}
