package main

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/blang/semver"
	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func newTestServer(t *testing.T) integration.Server {
	t.Helper()
	command, err := newProvider()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	server, err := integration.NewServer(ctx, "command", semver.MustParse("1.2.1"), integration.WithProvider(command))
	if err != nil {
		t.Fatal(err)
	}
	return server
}

type values = map[string]property.Value

func text(s string) property.Value { return property.New(s) }

// connection as the npm package sends it, as a whole secret; extra values replace the defaults.
func (s *sshServer) connection(extra values) values {
	host, port, _ := net.SplitHostPort(s.address)
	number, _ := strconv.Atoi(port)
	result := values{
		"host": text(host), "port": property.New(float64(number)), "user": text("admin"),
		"password": text(s.password), "hostKey": text(s.hostKey), "dialErrorLimit": property.New(2.0),
	}
	for name, value := range extra {
		result[name] = value
	}
	return result
}

// life drives one resource through the provider's calls, as the engine does.
type life struct {
	t      *testing.T
	server integration.Server
	urn    resource.URN
	id     string
	state  property.Map
}

func (l *life) check(inputs values) property.Map {
	l.t.Helper()
	response, err := l.server.Check(provider.CheckRequest{Urn: l.urn, Inputs: property.NewMap(inputs)})
	if err != nil {
		l.t.Fatal(err)
	}
	if len(response.Failures) > 0 {
		l.t.Fatalf("check: %v", response.Failures)
	}
	return overTheWire(l.t, response.Inputs)
}

// overTheWire does what the engine's gRPC does to values; assets become assets again there.
func overTheWire(t *testing.T, inputs property.Map) property.Map {
	t.Helper()
	options := plugin.MarshalOptions{KeepSecrets: true, KeepUnknowns: true}
	message, err := plugin.MarshalProperties(resource.ToResourcePropertyMap(inputs), options)
	ok(t, err)
	received, err := plugin.UnmarshalProperties(message, options)
	ok(t, err)
	return resource.FromResourcePropertyMap(received)
}

func (l *life) create(inputs values) error {
	l.t.Helper()
	response, err := l.server.Create(provider.CreateRequest{Urn: l.urn, Properties: l.check(inputs)})
	if err == nil {
		l.id, l.state = response.ID, response.Properties
	}
	return err
}

func (l *life) update(inputs values) error {
	l.t.Helper()
	response, err := l.server.Update(provider.UpdateRequest{ID: l.id, Urn: l.urn, State: l.state, Inputs: l.check(inputs)})
	if err == nil {
		l.state = response.Properties
	}
	return err
}

func (l *life) delete() error {
	return l.server.Delete(provider.DeleteRequest{ID: l.id, Urn: l.urn, Properties: l.state})
}

func (l *life) output(name, want string) {
	l.t.Helper()
	if got := l.state.Get(name); !got.IsString() || got.AsString() != want {
		l.t.Errorf("%s = %#v, want %q", name, got, want)
	}
}

func newCommand(t *testing.T, token string) *life {
	t.Helper()
	urn := resource.URN("urn:pulumi:stack::project::" + token + "::test")
	return &life{t: t, server: newTestServer(t), urn: urn}
}

const (
	remoteCommand = "command:remote:Command"
	localCommand  = "command:local:Command"
	copyToRemote  = "command:remote:CopyToRemote"
)

func mustFail(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("did not fail")
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestLifecycleOverSSH(t *testing.T) {
	host := startServer(t, "")
	host.acceptEnv = []string{"GREETING", "PULUMI_COMMAND_STDOUT"}
	inputs := values{
		"connection":  property.New(host.connection(nil)).WithSecret(true),
		"create":      text(`printf '%s ' "$GREETING"; cat; echo warned >&2`),
		"update":      text(`echo "before: $PULUMI_COMMAND_STDOUT"`),
		"delete":      text("echo gone"),
		"environment": property.New(values{"GREETING": text("hello")}),
		"stdin":       text("from stdin\n"),
	}
	command := newCommand(t, remoteCommand)
	ok(t, command.create(inputs))
	command.output("stdout", "hello from stdin")
	command.output("stderr", "warned")
	ok(t, command.update(inputs))
	command.output("stdout", "before: hello from stdin")
	ok(t, command.delete())
	if ran := host.ran(); len(ran) != 3 || ran[2] != "echo gone" {
		t.Errorf("ran %q", ran)
	}
}

func TestUpdateRunsCreateWhereThereIsNoUpdate(t *testing.T) {
	host := startServer(t, "")
	command := newCommand(t, remoteCommand)
	ok(t, command.create(values{"connection": property.New(host.connection(nil)), "create": text("echo one")}))
	ok(t, command.update(values{"connection": property.New(host.connection(nil)), "create": text("echo two")}))
	command.output("stdout", "two")
	ok(t, command.delete()) // there is no delete command
	if ran := host.ran(); len(ran) != 2 {
		t.Errorf("ran %q", ran)
	}
}

func TestAFailingCommandSaysItsStatusAndStderrButNotItsText(t *testing.T) {
	host := startServer(t, "")
	command := newCommand(t, remoteCommand)
	err := command.create(values{
		"connection": property.New(host.connection(nil)),
		"create":     text("read line; echo \"cloud-init: $line\" >&2; exit 3 # marker"),
		"stdin":      text("a-canary-of-stdin"),
	})
	mustFail(t, err, "create on 127.0.0.1", "exit status 3", "cloud-init: [secret]")
	for _, leak := range []string{"a-canary-of-stdin", "marker", host.password} {
		if strings.Contains(err.Error(), leak) {
			t.Errorf("the error shows %q: %v", leak, err)
		}
	}
}

func TestAWrongHostKeyEndsBeforeAnyCommand(t *testing.T) {
	host := startServer(t, "")
	_, _, other := newKey(t)
	command := newCommand(t, remoteCommand)
	err := command.create(values{
		"connection": property.New(host.connection(values{"hostKey": text(other)})), "create": text("echo ran"),
	})
	mustFail(t, err, "host key of "+host.address+" differs", "SHA256:", "nothing was run")
	if ran := host.ran(); len(ran) != 0 {
		t.Errorf("ran %q", ran)
	}
	mustFail(t, command.create(values{
		"connection": property.New(host.connection(values{"hostKey": text("no key")})), "create": text("echo ran"),
	}), "hostKey of", "ssh-ed25519")
}

func TestOverAProxyBothHostKeysCount(t *testing.T) {
	_, private, public := newKey(t)
	jump, target := startServer(t, public), startServer(t, "")
	over := func(proxy values) values {
		return values{
			"connection": property.New(target.connection(values{"proxy": property.New(proxy)})), "create": text("echo through"),
		}
	}
	login := values{"user": text("anybody"), "privateKey": text(private)}
	proxy := jump.connection(login)
	delete(proxy, "password")

	command := newCommand(t, remoteCommand)
	ok(t, command.create(over(proxy)))
	command.output("stdout", "through")
	if len(jump.forwards) != 1 || jump.forwards[0] != target.address || len(jump.ran()) != 0 {
		t.Errorf("forwards %q, ran on the jump host %q", jump.forwards, jump.ran())
	}

	_, _, other := newKey(t)
	proxy["hostKey"] = text(other)
	mustFail(t, newCommand(t, remoteCommand).create(over(proxy)), "proxy", "host key of "+jump.address+" differs")
	if len(jump.forwards) != 1 {
		t.Errorf("an unverified proxy was used: %q", jump.forwards)
	}

	proxy["hostKey"] = text(jump.hostKey)
	wrong := over(proxy)
	wrong["connection"] = property.New(target.connection(values{"proxy": property.New(proxy), "hostKey": text(other)}))
	mustFail(t, newCommand(t, remoteCommand).create(wrong), "over the proxy", "host key of "+target.address+" differs")
	if ran := target.ran(); len(ran) != 1 {
		t.Errorf("ran %q", ran)
	}
}

func TestDiallingIsRepeatedUpToItsLimit(t *testing.T) {
	host := startServer(t, "")
	host.refuse = 2
	inputs := values{"connection": property.New(host.connection(nil)), "create": text("echo up")}
	command := newCommand(t, remoteCommand)
	ok(t, command.create(inputs)) // two errors are within dialErrorLimit 2
	command.output("stdout", "up")

	host.refuse = 3
	mustFail(t, newCommand(t, remoteCommand).create(inputs), "connecting to "+host.address+" failed 3 times")
	mustFail(t, newCommand(t, remoteCommand).create(values{
		"connection": property.New(host.connection(values{"password": text("wrong")})), "create": text("echo up"),
	}), "unable to authenticate")
}

func TestASilentServerIsLeftAfterPerDialTimeout(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	defer listener.Close()
	silent := &sshServer{address: listener.Addr().String(), hostKey: mustLine(t)}
	err = newCommand(t, remoteCommand).create(values{
		"connection": property.New(silent.connection(values{"perDialTimeout": property.New(1.0), "dialErrorLimit": property.New(0.0)})),
		"create":     text("true"),
	})
	mustFail(t, err, "no SSH handshake within 1s")
}

func mustLine(t *testing.T) string {
	_, _, line := newKey(t)
	return line
}

func TestARefusedEnvironmentVariableFailsWithItsRemedy(t *testing.T) {
	host := startServer(t, "")
	err := newCommand(t, remoteCommand).create(values{
		"connection": property.New(host.connection(nil)), "create": text("true"),
		"environment": property.New(values{"TOKEN": text("a-canary-of-env")}),
	})
	mustFail(t, err, "TOKEN", "AcceptEnv")
	if strings.Contains(err.Error(), "a-canary") || len(host.ran()) != 0 {
		t.Errorf("%v, ran %q", err, host.ran())
	}
}

func TestOutputsAreSecretWhenWhatDecidesThemIs(t *testing.T) {
	host := startServer(t, "")
	inputs := values{"connection": property.New(host.connection(nil)).WithSecret(true), "create": text("cat"), "stdin": text("x")}
	open := newCommand(t, remoteCommand)
	ok(t, open.create(inputs))
	if open.state.Get("stdout").Secret() {
		t.Error("stdout is secret although only the connection is")
	}
	if !open.state.Get("connection").Secret() {
		t.Error("the connection in the state is not secret")
	}
	inputs["stdin"] = text("x").WithSecret(true)
	closed := newCommand(t, remoteCommand)
	ok(t, closed.create(inputs))
	if !closed.state.Get("stdout").Secret() || !closed.state.Get("stdin").Secret() {
		t.Errorf("stdout and stdin must be secret: %v", closed.state)
	}
}

func TestAChangedTriggerIsReportedWhereTheSDKReplacesOnIt(t *testing.T) {
	host := startServer(t, "")
	inputs := values{
		"connection": property.New(host.connection(nil)), "create": text("true"),
		"triggers": property.New([]property.Value{text("a")}),
	}
	command := newCommand(t, remoteCommand)
	ok(t, command.create(inputs))
	inputs["triggers"] = property.New([]property.Value{text("b")})
	diff, err := command.server.Diff(provider.DiffRequest{ID: command.id, Urn: command.urn, State: command.state, Inputs: command.check(inputs)})
	ok(t, err)
	if _, found := diff.DetailedDiff["triggers[0]"]; !found {
		t.Errorf("diff %v", diff.DetailedDiff)
	}
}

func TestAPreviewConnectsNowhere(t *testing.T) {
	command := newCommand(t, remoteCommand)
	unreachable := &sshServer{address: "127.0.0.1:1", hostKey: mustLine(t)}
	inputs := command.check(values{"connection": property.New(unreachable.connection(nil)), "create": text("true")})
	_, err := command.server.Create(provider.CreateRequest{Urn: command.urn, Properties: inputs, DryRun: true})
	ok(t, err)
}

func TestUnknownInputsAreRefused(t *testing.T) {
	server := newTestServer(t)
	response, err := server.Check(provider.CheckRequest{
		Urn:    resource.URN("urn:pulumi:stack::project::" + localCommand + "::test"),
		Inputs: property.NewMap(values{"create": text("true"), "assetPaths": property.New([]property.Value{text("*")})}),
	})
	ok(t, err)
	if len(response.Failures) != 1 {
		t.Errorf("failures %v", response.Failures)
	}
}

func TestLocalCommand(t *testing.T) {
	folder := t.TempDir()
	command := newCommand(t, localCommand)
	inputs := values{
		"create": text(`pwd; echo "$A"; cat`), "update": text(`echo "was $PULUMI_COMMAND_STDERR"`),
		"dir": text(folder), "environment": property.New(values{"A": text("b")}), "stdin": text("c"),
	}
	ok(t, command.create(inputs))
	command.output("stdout", folder+"\nb\nc")
	inputs["interpreter"] = property.New([]property.Value{text("/bin/sh"), text("-uc")})
	mustFail(t, command.update(inputs), "update failed", "exit status 2", "PULUMI_COMMAND_STDERR")
	inputs["interpreter"] = property.New([]property.Value{text("/no/such/program")})
	mustFail(t, command.update(inputs), "/no/such/program could not be run")
}
