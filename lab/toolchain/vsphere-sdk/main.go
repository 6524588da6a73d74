// vsphere-sdk writes sdks/vsphere, a local npm package with the official @pulumi/vsphere's names and tokens, for
// machines whose registry lacks that package.
//
//	vsphere-sdk official SCHEMA OUT   reduce the official schema (pulumi package get-schema vsphere@VERSION) to OUT
//	vsphere-sdk generate OFFICIAL DIR write DIR from the bridged provider's schema, cut to what OFFICIAL has, too
package main

import (
	"fmt"
	"os"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// officialVersion is the plugin version that the SDK requests, the one whose schema was read.
const officialVersion = "4.18.0"

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "vsphere-sdk:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "official":
		return reduceOfficial(args[1], args[2])
	case len(args) == 3 && args[0] == "generate":
		return generate(args[1], args[2])
	}
	return fmt.Errorf("usage: vsphere-sdk official SCHEMA OUT | vsphere-sdk generate OFFICIAL DIR")
}

func reduceOfficial(schemaPath, out string) error {
	var spec schema.PackageSpec
	if err := readJSON(schemaPath, &spec); err != nil {
		return err
	}
	official := surfaceOf(spec)
	official.Version = officialVersion
	official.Source = "names and types out of `pulumi package get-schema vsphere@" + officialVersion + "`, by lab/toolchain/vsphere-sdk official"
	return writeJSON(out, official)
}
