// pulumi-resource-kubernetes: the lab's plugin for the package "kubernetes", upstream's provider with a main of ours,
// since the official binary is a download that a hermetic machine cannot make. A connected user's Pulumi uses the
// official one instead.
//
// It carries no schema (upstream generates the file that its own main embeds), so `pulumi import` of a Kubernetes object
// and `package add kubernetes` know no properties here; creating, reading, changing and deleting do not ask for it.
// no-components.patch leaves out the provider's component resources, and says why.
package main

import (
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/provider"
	"github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version"
)

func main() {
	// The linker sets the version from lab/toolchain/programs.ts.
	provider.Serve("kubernetes", version.Version, []byte("{}"), []byte("{}"))
}
