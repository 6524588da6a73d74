module lab/toolchain/pulumi-resource-vsphere/bridge

go 1.26

// The lowest versions that serve both users: the plugin runs a newer bridge, the SDK's generator exactly this one,
// the last whose tfgen can be built from the module proxy alone.
require (
	github.com/hashicorp/terraform-plugin-sdk v1.17.2
	github.com/hashicorp/terraform-provider-vsphere v1.26.0
	github.com/pulumi/pulumi-terraform-bridge/v3 v3.100.0
)
