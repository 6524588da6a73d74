package guest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// prepare makes the disk's backing file as large as the disk, sparse. A disk only grows, as on vSphere.
func (d Disk) prepare() error {
	f, err := os.OpenFile(d.File, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("disk %s: %w", d.Device, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() < d.SizeBytes {
		return f.Truncate(d.SizeBytes)
	}
	return nil
}

// attachLoop presents a file as a block device and returns the device's path, e.g. /dev/loop3.
func attachLoop(file string) (string, error) {
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return "", fmt.Errorf("loop devices: %w", err)
	}
	defer control.Close()
	backing, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return "", err
	}
	defer backing.Close()
	for attempt := 0; attempt < 32; attempt++ {
		index, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return "", fmt.Errorf("no free loop device: %w", err)
		}
		device := fmt.Sprintf("/dev/loop%d", index)
		loop, err := os.OpenFile(device, os.O_RDWR, 0)
		if err != nil {
			return "", err
		}
		config := unix.LoopConfig{Fd: uint32(backing.Fd())}
		copy(config.Info.File_name[:len(config.Info.File_name)-1], file)
		err = unix.IoctlLoopConfigure(int(loop.Fd()), &config)
		loop.Close()
		if errors.Is(err, unix.EBUSY) {
			continue // another process took it between the two calls
		}
		if err != nil {
			return "", fmt.Errorf("attach %s to %s: %w", file, device, err)
		}
		return device, nil
	}
	return "", fmt.Errorf("attach %s: every free loop device was taken by others", file)
}

// detachPatience is how long a file system of a guest that has just ended may take to be written out and let go.
const detachPatience = time.Minute

// detachLoops frees every loop device that backs one of files, by backing file and not by number, since a number may
// since belong to somebody else. It returns only when they are free: the kernel detaches a device that is still mounted
// somewhere later, and a file attached twice meanwhile would be written by two file systems at once.
func detachLoops(files []string) error {
	if len(files) == 0 {
		return nil
	}
	var failed error
	backings, _ := filepath.Glob("/sys/block/loop*/loop/backing_file")
	for _, path := range backings {
		file := backingFile(path)
		if !slices.Contains(files, file) {
			continue
		}
		device := filepath.Join("/dev", strings.Split(path, "/")[3])
		loop, err := os.OpenFile(device, os.O_RDWR, 0)
		if err == nil {
			err = unix.IoctlSetInt(int(loop.Fd()), unix.LOOP_CLR_FD, 0)
			loop.Close()
		}
		if err != nil && !errors.Is(err, unix.ENXIO) {
			failed = errors.Join(failed, fmt.Errorf("detach %s (%s): %w", device, file, err))
			continue
		}
		for deadline := time.Now().Add(detachPatience); backingFile(path) == file; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				failed = errors.Join(failed, fmt.Errorf("detach %s (%s): still in use after %s", device, file, detachPatience))
				break
			}
		}
	}
	return failed
}

// backingFile reads which file a loop device presents; empty if none.
func backingFile(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(strings.TrimSpace(string(text)), " (deleted)")
}
