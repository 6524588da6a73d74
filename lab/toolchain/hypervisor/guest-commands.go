package main

import "github.com/spf13/cobra"

func guestCommand() *cobra.Command { return &cobra.Command{Use: "guest"} }
