// Package bridge describes how terraform-provider-vsphere appears to Pulumi.
// The plugin and the SDK's schema generator share it, so that neither can know a property that the other does not.
package bridge

import (
	"github.com/hashicorp/terraform-plugin-sdk/helper/schema"
	"github.com/hashicorp/terraform-provider-vsphere/vsphere"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v1"
)

// Provider returns the mapping with the official package's names and tokens (vsphere:index/virtualMachine:VirtualMachine).
func Provider(version string) tfbridge.ProviderInfo {
	info := tfbridge.ProviderInfo{
		P:           shim.NewProvider(vsphere.Provider().(*schema.Provider)),
		Name:        "vsphere",
		Version:     version,
		Description: "The lab's vSphere provider: terraform-provider-vsphere 1.26.0, bridged.",
		License:     "MPL-2.0",
		GitHubOrg:   "hashicorp",
	}
	info.MustComputeTokens(tokens.SingleModule("vsphere_", "index", tokens.MakeStandard("vsphere")))
	// As the official package does: a name left out is derived from the resource's, so `name` is an optional input.
	info.SetAutonaming(255, "-")
	return info
}
