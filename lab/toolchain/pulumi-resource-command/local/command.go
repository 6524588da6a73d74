// Package local runs commands on the machine that runs Pulumi.
package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"lab/toolchain/pulumi-resource-command/process"
)

// Command is the resource command:local:Command.
type Command struct{}

// CommandArgs are its inputs.
type CommandArgs struct {
	process.Lifecycle
	Dir         *string  `pulumi:"dir,optional"`
	Interpreter []string `pulumi:"interpreter,optional"`
	Logging     *Logging `pulumi:"logging,optional"`
}

// CommandState is its inputs and what the last command printed.
type CommandState struct {
	CommandArgs
	process.Outputs
}

// Logging is process.Logging with the token command:local:Logging.
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
	a.Describe(&Command{}, "A command on the machine that runs Pulumi.")
}

// Annotate describes the inputs.
func (c *CommandArgs) Annotate(a infer.Annotator) {
	a.Describe(&c.Dir, "Folder to run in; the program's by default.")
	a.Describe(&c.Interpreter, `What runs the command's text; ["/bin/sh", "-c"] by default.`)
}

// WireDependencies: see process.WireDependencies.
func (*Command) WireDependencies(f infer.FieldSelector, args *CommandArgs, state *CommandState) {
	process.WireDependencies(f, &args.Lifecycle, &state.Lifecycle, &state.Outputs)
	f.OutputField(&state.Dir).DependsOn(f.InputField(&args.Dir))
	f.OutputField(&state.Interpreter).DependsOn(f.InputField(&args.Interpreter))
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

// Delete runs `delete`, if there is one.
func (*Command) Delete(ctx context.Context, req infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	_, err := req.State.run(ctx, "delete", req.State.Delete, req.State.Outputs)
	return infer.DeleteResponse{}, err
}

// run executes the command of one step; without one it returns the previous outputs.
func (c *CommandArgs) run(ctx context.Context, step string, command *string, previous process.Outputs) (process.Outputs, error) {
	if command == nil {
		return previous, nil
	}
	interpreter := c.Interpreter
	if len(interpreter) == 0 {
		interpreter = []string{"/bin/sh", "-c"}
	}
	child := exec.CommandContext(ctx, interpreter[0], append(interpreter[1:len(interpreter):len(interpreter)], *command)...)
	child.Env = os.Environ()
	for _, variables := range []map[string]string{c.Previous(previous), c.Environment} {
		for name, content := range variables {
			child.Env = append(child.Env, name+"="+content)
		}
	}
	if c.Dir != nil {
		child.Dir = *c.Dir
	}
	if c.Stdin != nil {
		child.Stdin = strings.NewReader(*c.Stdin)
	}
	recorder := process.NewRecorder((*process.Logging)(c.Logging), provider.GetLogger(ctx).Info, c.Secrets())
	child.Stdout, child.Stderr = recorder.Stdout, recorder.Stderr
	if err := child.Run(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return previous, fmt.Errorf("%s: %s could not be run: %w", step, interpreter[0], err)
		}
		return previous, recorder.Failure(step, err.Error())
	}
	return recorder.Outputs(), nil
}
