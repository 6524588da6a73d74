package guest

import (
	"fmt"
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
