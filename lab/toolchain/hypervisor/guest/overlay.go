package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// layout names what lies in a machine's state directory.
type layout struct{ dir string }

func (l layout) upper() string   { return filepath.Join(l.dir, "upper") }
func (l layout) work() string    { return filepath.Join(l.dir, "work") }
func (l layout) mount() string   { return filepath.Join(l.dir, "rootfs") }
func (l layout) run() string     { return filepath.Join(l.dir, "run") }
func (l layout) console() string { return filepath.Join(l.dir, "console.log") }
func (l layout) record() string  { return filepath.Join(l.dir, "record.json") }

// volumes holds a node's directories that must not lie on the overlay, by their path in the guest.
func (l layout) volumes() string { return filepath.Join(l.dir, "volumes") }

// supervisor names the process that runs the machine over its reboots, between which there is no record.
func (l layout) supervisor() string { return filepath.Join(l.dir, "supervisor.json") }

// mountOverlay puts the machine's writable layer over its template. The upper layer outlives the boot: it is the disk.
func mountOverlay(l layout, root string) error {
	for _, dir := range []string{l.upper(), l.work(), l.mount()} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	for _, path := range []string{root, l.dir} {
		// overlayfs separates its options by these; escaping differs between kernels.
		if strings.ContainsAny(path, ",:\\") {
			return fmt.Errorf("path %q: overlayfs cannot take a comma, colon or backslash; move the lab", path)
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", root, l.upper(), l.work())
	if err := unix.Mount("overlay", l.mount(), "overlay", 0, options); err != nil {
		return fmt.Errorf("mount overlay on %s: %w", l.mount(), err)
	}
	return nil
}

// unmount detaches a mount point; one that is not mounted is fine. Lazily, since a process that is being killed may
// still have a file of it open.
func unmount(path string) error {
	for {
		err := unix.Unmount(path, unix.MNT_DETACH)
		if errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("unmount %s: %w", path, err)
		}
	}
}
