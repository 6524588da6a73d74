// pulumi-resource-command is a stand-in for the official plugin of the package "command" (pulumi/pulumi-command 1.2.1).
//
// Why: the official plugin is a download and no Go module of it is served, so a machine with only package registries
// cannot have it. The lab uses this one; a connected user's Pulumi downloads the official one and never sees this.
//
// It knows the resources that this repository uses, with the official names, inputs and outputs (a test compares them):
// command:remote:Command, command:remote:CopyToRemote and command:local:Command. The code is our own;
// its behaviour follows the official schema, documentation and source.
//
// What it cannot do, and refuses instead of ignoring:
//   - command:remote:CopyFile (deprecated upstream) and the functions command:local:run and runOutput;
//   - archivePaths, assetPaths and their outputs archive and assets of command:local:Command;
//   - archives of CopyToRemote other than a path to a folder or file.
//
// Where it differs: what a command prints is logged with the values of the connection's secrets, of the environment
// and of standard input masked, and an error shows the command's own standard error, never the command's text. Outputs
// become secret with create, update, delete, environment or stdin. Like upstream, it compares the host key with
// whatever type the server presents first: give hosts one type of host key.
package main

import (
	"context"
	"fmt"
	"os"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"

	"lab/toolchain/pulumi-resource-command/local"
	"lab/toolchain/pulumi-resource-command/remote"
)

// version is set by the linker from lab/toolchain/programs.ts.
var version = "0.0.0-unversioned"

func newProvider() (provider.Provider, error) {
	return infer.NewProviderBuilder().
		WithResources(
			infer.Resource(&remote.Command{}),
			infer.Resource(&remote.CopyToRemote{}),
			infer.Resource(&local.Command{}),
		).
		Build()
}

func main() {
	plugin, err := newProvider()
	if err == nil {
		err = plugin.Run(context.Background(), "command", version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-command:", err)
		os.Exit(1)
	}
}
