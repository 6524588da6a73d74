// Command hypervisor is the lab's vCenter and the machines behind it. The vCenter is a simulator (govmomi's, v0.52.0,
// with its storage policy and tagging endpoints); package simulator says what that cannot prove. The machines are
// systemd-nspawn containers that boot a whole Debian and the VM's own cloud-init; see package guest.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"lab/toolchain/hypervisor/simulator"
)

func main() {
	root := &cobra.Command{
		Use:           "hypervisor",
		Short:         "A vCenter stand-in whose VMs really boot, and the machines around it",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serveCommand(), reapCommand(), guestCommand())
	if err := root.Execute(); err != nil {
		if code, silent := exitCodeOf(err); silent {
			os.Exit(code)
		}
		fmt.Fprintln(os.Stderr, "hypervisor:", err)
		os.Exit(1)
	}
}

func configFlag(cmd *cobra.Command) *string {
	file := cmd.Flags().String("config", "", "JSON file, as package simulator's Config describes it")
	_ = cmd.MarkFlagRequired("config")
	return file
}

func serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve --config FILE",
		Short: "Serve the vCenter API and run its VMs until SIGTERM",
		Long: `Serve the vCenter API (SOAP, VI JSON, REST tags, storage policies) and run its VMs until SIGTERM or SIGINT.
Start it in the vCenter's network namespace: nsenter --net=/run/netns/NAME hypervisor serve --config FILE.
It prints one line "ready URL" on standard output once it accepts connections. The inventory lives in memory: a new
start begins with an empty vCenter and clears the state directory. On SIGHUP it reads the accounts of the file again.`,
		Args: cobra.NoArgs,
	}
	file := configFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		config, err := simulator.LoadConfig(*file)
		if err != nil {
			return err
		}
		ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
		defer cancel()
		vcenter, err := simulator.Start(config)
		if err != nil {
			return err
		}
		fmt.Printf("ready %s\n", vcenter.URL())
		reload := make(chan os.Signal, 1)
		signal.Notify(reload, syscall.SIGHUP)
		for {
			select {
			case <-ctx.Done():
				return vcenter.Close()
			case <-reload:
				if config, err = simulator.LoadConfig(*file); err != nil {
					fmt.Fprintln(os.Stderr, "hypervisor: accounts stay as they were:", err)
					continue
				}
				vcenter.SetAccounts(config)
			}
		}
	}
	return cmd
}

func reapCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reap --config FILE",
		Short: "Clean up what a hypervisor that was killed left behind",
		Long: `End the guests, and remove the mounts, loop devices, cgroups and network namespaces, that the records in the state
directory name and whose hypervisor is dead. Harmless while a hypervisor runs.`,
		Args: cobra.NoArgs,
	}
	file := configFlag(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		config, err := simulator.LoadConfig(*file)
		if err != nil {
			return err
		}
		return simulator.Reap(config)
	}
	return cmd
}
