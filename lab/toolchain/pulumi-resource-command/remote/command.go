package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/ssh"

	"lab/toolchain/pulumi-resource-command/process"
)

// Command is the resource command:remote:Command.
type Command struct{}

// CommandArgs are its inputs.
type CommandArgs struct {
	process.Lifecycle
	Connection Connection `pulumi:"connection" provider:"secret"`
	Logging    *Logging   `pulumi:"logging,optional"`
}

// CommandState is its inputs and what the last command printed.
type CommandState struct {
	CommandArgs
	process.Outputs
}

// Logging is process.Logging with the token command:remote:Logging.
type Logging process.Logging

// Values lists the enumeration for the schema.
func (Logging) Values() []infer.EnumValue[Logging] {
	return []infer.EnumValue[Logging]{
		{Name: "Stdout", Value: Logging(process.LogStdout)},
		{Name: "Stderr", Value: Logging(process.LogStderr)},
		{Name: "StdoutAndStderr", Value: Logging(process.LogBoth)},
		{Name: "None", Value: Logging(process.LogNone)},
	}
}

func (*Command) Annotate(a infer.Annotator) {
	a.Describe(&Command{}, "A command on a remote host, over SSH.")
}

// WireDependencies: see process.WireDependencies.
func (*Command) WireDependencies(f infer.FieldSelector, args *CommandArgs, state *CommandState) {
	process.WireDependencies(f, &args.Lifecycle, &state.Lifecycle, &state.Outputs)
	f.OutputField(&state.Connection).DependsOn(f.InputField(&args.Connection))
	f.OutputField(&state.Logging).DependsOn(f.InputField(&args.Logging))
}

// Create runs `create`, if there is one.
func (*Command) Create(ctx context.Context, req infer.CreateRequest[CommandArgs]) (infer.CreateResponse[CommandState], error) {
	response := infer.CreateResponse[CommandState]{Output: CommandState{CommandArgs: req.Inputs}}
	var err error
	if response.ID, err = resource.NewUniqueHex(req.Name, 8, 0); err != nil || req.DryRun {
		return response, err
	}
	response.Output.Outputs, err = req.Inputs.run(ctx, "create", req.Inputs.Create, process.Outputs{})
	return response, err
}

// Update runs `update`, or else `create`.
func (*Command) Update(ctx context.Context, req infer.UpdateRequest[CommandArgs, CommandState]) (infer.UpdateResponse[CommandState], error) {
	response := infer.UpdateResponse[CommandState]{Output: CommandState{CommandArgs: req.Inputs, Outputs: req.State.Outputs}}
	if req.DryRun {
		return response, nil
	}
	var err error
	response.Output.Outputs, err = req.Inputs.run(ctx, "update", req.Inputs.OnUpdate(), req.State.Outputs)
	return response, err
}

// Delete runs `delete`, if there is one, with the inputs of the last create or update.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	_, err := req.State.run(ctx, "delete", req.State.Delete, req.State.Outputs)
	return infer.DeleteResponse{}, err
}

// run executes the command of one step; without one it returns the previous outputs.
func (c *CommandArgs) run(ctx context.Context, step string, command *string, previous process.Outputs) (process.Outputs, error) {
	if command == nil {
		return previous, nil
	}
	connected, err := c.Connection.dial(ctx)
	if err != nil {
		return previous, err
	}
	defer connected.Close()
	session, err := connected.NewSession()
	if err != nil {
		return previous, fmt.Errorf("%s: no session: %w", c.Connection.address(), err)
	}
	defer session.Close()
	// A cancelled `up` must not wait for the command: closing the connection ends it.
	defer context.AfterFunc(ctx, func() { _ = connected.Close() })()

	log := provider.GetLogger(ctx)
	for name, content := range c.Environment {
		if err := session.Setenv(name, content); err != nil {
			return previous, fmt.Errorf("%s refuses the environment variable %s: let its sshd accept it (AcceptEnv), "+
				"or write it into the command: %w", c.Connection.address(), name, err)
		}
	}
	for name, content := range c.Previous(previous) {
		if err := session.Setenv(name, content); err != nil {
			log.Warningf("%s refuses %s, so the command runs without it; addPreviousOutputInEnv: false leaves it out", c.Connection.address(), name)
		}
	}
	recorder := process.NewRecorder((*process.Logging)(c.Logging), log.Info, append(c.Connection.secrets(), c.Secrets()...))
	session.Stdout, session.Stderr = recorder.Stdout, recorder.Stderr
	if c.Stdin != nil {
		session.Stdin = strings.NewReader(*c.Stdin)
	}
	if err := session.Run(*command); err != nil {
		return previous, recorder.Failure(fmt.Sprintf("%s on %s", step, c.Connection.address()), exitStatus(ctx, err))
	}
	return recorder.Outputs(), nil
}

func exitStatus(ctx context.Context, err error) string {
	var exit *ssh.ExitError
	switch {
	case errors.As(err, &exit) && exit.Signal() != "":
		return "ended by signal " + exit.Signal()
	case errors.As(err, &exit):
		return fmt.Sprintf("exit status %d", exit.ExitStatus())
	case ctx.Err() != nil:
		return "cancelled"
	}
	return err.Error() // the connection broke: "remote command exited without exit status or exit signal"
}
