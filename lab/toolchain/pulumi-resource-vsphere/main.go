// pulumi-resource-vsphere: the lab's plugin for the package "vsphere", since the official binary is a download
// that a hermetic machine cannot make. A connected user's Pulumi uses the official one instead.
package main

import (
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"

	"lab/toolchain/pulumi-resource-vsphere/bridge"
)

// version is set by the linker from lab/toolchain.ts, the one place of versions.
var version = "0.0.0-unversioned"

func main() {
	tfbridge.Main("vsphere", version, bridge.Provider(version), []byte("{}"))
}
