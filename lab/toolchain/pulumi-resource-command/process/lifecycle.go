package process

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Names of the variables in which a command finds what the previous one printed.
const (
	PreviousStdout = "PULUMI_COMMAND_STDOUT"
	PreviousStderr = "PULUMI_COMMAND_STDERR"
)

// Lifecycle are the inputs that remote and local commands share.
type Lifecycle struct {
	AddPreviousOutputInEnv *bool             `pulumi:"addPreviousOutputInEnv,optional"`
	Create                 *string           `pulumi:"create,optional"`
	Update                 *string           `pulumi:"update,optional"`
	Delete                 *string           `pulumi:"delete,optional"`
	Environment            map[string]string `pulumi:"environment,optional"`
	Stdin                  *string           `pulumi:"stdin,optional"`
	Triggers               []any             `pulumi:"triggers,optional"`
}

// Annotate describes the inputs for the schema.
func (l *Lifecycle) Annotate(a infer.Annotator) {
	a.Describe(&l.AddPreviousOutputInEnv, "Whether the previous outputs are in the environment as PULUMI_COMMAND_STDOUT and _STDERR; true by default.")
	a.Describe(&l.Create, "The command of the resource's creation, and of its update where none is given.")
	a.Describe(&l.Update, "The command to run when an input changes.")
	a.Describe(&l.Delete, "The command to run when the resource is deleted.")
	a.Describe(&l.Environment, "Variables for the command. Over SSH the server must accept them (AcceptEnv).")
	a.Describe(&l.Stdin, "The command's standard input.")
	a.Describe(&l.Triggers, "A change of any of these values replaces the resource.")
	a.SetDefault(&l.AddPreviousOutputInEnv, true)
}

// OnUpdate is the command that an update runs; nil for none.
func (l *Lifecycle) OnUpdate() *string {
	if l.Update != nil {
		return l.Update
	}
	return l.Create
}

// Previous are the variables that tell what the previous command printed.
func (l *Lifecycle) Previous(outputs Outputs) map[string]string {
	previous := map[string]string{}
	if l.AddPreviousOutputInEnv != nil && !*l.AddPreviousOutputInEnv {
		return previous
	}
	if outputs.Stdout != "" {
		previous[PreviousStdout] = outputs.Stdout
	}
	if outputs.Stderr != "" {
		previous[PreviousStderr] = outputs.Stderr
	}
	return previous
}

// Secrets are the input values that no log may show.
func (l *Lifecycle) Secrets() []string {
	var secrets []string
	for _, value := range l.Environment {
		secrets = append(secrets, value)
	}
	if l.Stdin != nil {
		secrets = append(secrets, *l.Stdin)
	}
	return secrets
}

// WireDependencies lets the outputs be secret (and, in a preview, unknown) when what decides them is; the connection,
// which is always secret, does not.
func WireDependencies(f infer.FieldSelector, args *Lifecycle, state *Lifecycle, outputs *Outputs) {
	deciding := []infer.InputField{
		f.InputField(&args.Create), f.InputField(&args.Update), f.InputField(&args.Environment), f.InputField(&args.Stdin),
	}
	f.OutputField(&outputs.Stdout).DependsOn(deciding...)
	f.OutputField(&outputs.Stderr).DependsOn(deciding...)
	f.OutputField(&state.AddPreviousOutputInEnv).DependsOn(f.InputField(&args.AddPreviousOutputInEnv))
	f.OutputField(&state.Create).DependsOn(f.InputField(&args.Create))
	f.OutputField(&state.Update).DependsOn(f.InputField(&args.Update))
	f.OutputField(&state.Delete).DependsOn(f.InputField(&args.Delete))
	f.OutputField(&state.Environment).DependsOn(f.InputField(&args.Environment))
	f.OutputField(&state.Stdin).DependsOn(f.InputField(&args.Stdin))
	f.OutputField(&state.Triggers).DependsOn(f.InputField(&args.Triggers))
}
