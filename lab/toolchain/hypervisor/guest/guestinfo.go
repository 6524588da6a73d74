package guest

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// maxGuestinfo is what one environment string may hold (MAX_ARG_STRLEN, 128 KiB with the name and the closing zero).
// vSphere itself takes more; gzip+base64 keeps a host's user-data far below.
const maxGuestinfo = 128*1024 - 128

// cloudInitUnits read the data source; the later stages use what these two cached.
var cloudInitUnits = []string{"cloud-init-local.service", "cloud-init.service"}

// guestinfoEnvironment turns a VM's guestinfo.* values into the environment that cloud-init's VMware data source reads
// instead of asking the hypervisor by RPC. Source: cloud-init DataSourceVMware, "environment variable transport".
func guestinfoEnvironment(values map[string]string) (string, error) {
	var lines []string
	for key, value := range values {
		if !strings.HasPrefix(key, "guestinfo.") {
			continue
		}
		if len(value) > maxGuestinfo {
			return "", fmt.Errorf("%s has %d bytes, %d fit into the guest's environment: encode it as gzip+base64 or make it smaller",
				key, len(value), maxGuestinfo)
		}
		name := "VMX_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		// systemd reads a double-quoted value over line ends and undoes these escapes (systemd.exec(5), EnvironmentFile=).
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", "$", `\$`).Replace(value)
		lines = append(lines, fmt.Sprintf("%s=\"%s\"\n", name, quoted))
	}
	if len(lines) == 0 {
		return "", nil
	}
	sort.Strings(lines)
	return "VMX_GUESTINFO=1\n" + strings.Join(lines, ""), nil
}

// writeRun fills the directory that the guest sees, read-only, as /run/hypervisor: its product UUID and, where the
// machine has guestinfo, the environment of cloud-init, readable by the guest's root alone as on a real VM.
func writeRun(l layout, spec Spec) ([]Bind, error) {
	if err := os.RemoveAll(l.run()); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(l.run(), 0o755); err != nil {
		return nil, err
	}
	binds := []Bind{{Source: l.run(), Target: "/run/hypervisor", ReadOnly: true}}
	if spec.UUID != "" {
		file := filepath.Join(l.run(), filepath.Base(ProductUUIDFile))
		if err := os.WriteFile(file, []byte(spec.UUID+"\n"), 0o444); err != nil {
			return nil, err
		}
	}
	environment, err := guestinfoEnvironment(spec.CloudInit)
	if err != nil || environment == "" {
		return binds, err
	}
	if err := os.WriteFile(filepath.Join(l.run(), "guestinfo.env"), []byte(environment), 0o600); err != nil {
		return nil, err
	}
	dropIn := filepath.Join(l.run(), "guestinfo.conf")
	if err := os.WriteFile(dropIn, []byte("[Service]\nEnvironmentFile=/run/hypervisor/guestinfo.env\n"), 0o644); err != nil {
		return nil, err
	}
	for _, unit := range cloudInitUnits {
		// Below /run, so that nothing of the lab lands on the VM's disk.
		target := filepath.Join("/run/systemd/system", unit+".d", "10-hypervisor-guestinfo.conf")
		binds = append(binds, Bind{Source: dropIn, Target: target, ReadOnly: true})
	}
	return binds, nil
}
