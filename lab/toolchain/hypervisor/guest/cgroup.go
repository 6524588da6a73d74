package guest

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A machine gets a cgroup of its own in every mounted hierarchy: its systemd needs one to build its tree in, and what
// is in it can be ended completely, whoever its parent is by then.

// hierarchies maps each mounted cgroup hierarchy to this process's own group in it. Machines become children of that,
// so that limits set on whoever started the lab hold for them, too.
func hierarchies() (map[string]string, error) {
	own := map[string]string{} // controllers, or "" for cgroup v2 -> path
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		part := strings.SplitN(line, ":", 3)
		if len(part) == 3 {
			own[part[1]] = part[2]
		}
	}
	mounts, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer mounts.Close()
	result := map[string]string{}
	for scanner := bufio.NewScanner(mounts); scanner.Scan(); {
		field := strings.Fields(scanner.Text())
		if len(field) < 4 || !strings.HasPrefix(field[1], "/sys/fs/cgroup") {
			continue
		}
		switch field[2] {
		case "cgroup2":
			if path, ok := own[""]; ok {
				result[field[1]] = path
			}
		case "cgroup":
			for controllers, path := range own {
				if controllers != "" && hasOptions(field[3], controllers) {
					result[field[1]] = path
				}
			}
		}
	}
	return result, nil
}

// hasOptions says whether a mount's options name all of the comma-separated controllers.
func hasOptions(options, controllers string) bool {
	have := strings.Split(options, ",")
	for _, want := range strings.Split(controllers, ",") {
		found := false
		for _, option := range have {
			found = found || option == want
		}
		if !found {
			return false
		}
	}
	return true
}

// createCgroups makes the machine's groups and returns their directories.
func createCgroups(machine string) ([]string, error) {
	mounts, err := hierarchies()
	if err != nil {
		return nil, err
	}
	var dirs []string
	for mount, own := range mounts {
		parent := filepath.Join(mount, own)
		dir := filepath.Join(parent, machine)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return dirs, fmt.Errorf("cgroup %s: %w", dir, err)
		}
		dirs = append(dirs, dir)
		// A v1 cpuset takes no process before it has CPUs and memory nodes, and its children inherit only if told to.
		for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
			value, err := os.ReadFile(filepath.Join(parent, name))
			if err != nil {
				break // not a v1 cpuset hierarchy
			}
			if err := os.WriteFile(filepath.Join(dir, name), value, 0o644); err != nil {
				return dirs, fmt.Errorf("cgroup %s: %w", dir, err)
			}
			if err := os.WriteFile(filepath.Join(dir, "cgroup.clone_children"), []byte("1"), 0o644); err != nil {
				return dirs, fmt.Errorf("cgroup %s: %w", dir, err)
			}
		}
	}
	return dirs, nil
}

// emptyCgroups kills whatever is left in the groups and removes them.
func emptyCgroups(dirs []string) error {
	var failed error
	for _, dir := range dirs {
		var err error
		for attempt := 0; attempt < 100; attempt++ {
			killMembers(dir)
			if err = removeTree(dir); err == nil {
				break
			}
			time.Sleep(20 * time.Millisecond) // a killed process leaves its group only once it is reaped
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

func killMembers(dir string) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.Name() != "cgroup.procs" {
			return nil
		}
		members, _ := os.ReadFile(path)
		for _, word := range strings.Fields(string(members)) {
			if pid, err := strconv.Atoi(word); err == nil && pid > 1 && pid != os.Getpid() {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
		return nil
	})
}

// removeTree removes a group and its children, deepest first; the kernel's files in them go with the directory.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}
