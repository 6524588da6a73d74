// Package remote runs commands and copies files over SSH.
package remote

import (
	"github.com/pulumi/pulumi-go-provider/infer"
)

// Endpoint is how to reach one SSH server.
type Endpoint struct {
	Host               string   `pulumi:"host"`
	Port               *float64 `pulumi:"port,optional"`
	User               *string  `pulumi:"user,optional"`
	Password           *string  `pulumi:"password,optional" provider:"secret"`
	PrivateKey         *string  `pulumi:"privateKey,optional" provider:"secret"`
	PrivateKeyPassword *string  `pulumi:"privateKeyPassword,optional" provider:"secret"`
	AgentSocketPath    *string  `pulumi:"agentSocketPath,optional"`
	HostKey            *string  `pulumi:"hostKey,optional"`
	DialErrorLimit     *int     `pulumi:"dialErrorLimit,optional"`
	PerDialTimeout     *int     `pulumi:"perDialTimeout,optional"`
}

const (
	defaultPort           = 22
	defaultUser           = "root"
	defaultDialErrorLimit = 10
	defaultPerDialTimeout = 15
)

// Annotate describes the inputs and sets upstream's defaults.
func (e *Endpoint) Annotate(a infer.Annotator) {
	a.Describe(&e.Host, "Address of the server.")
	a.Describe(&e.Port, "Its TCP port.")
	a.Describe(&e.User, "User to log in as.")
	a.Describe(&e.Password, "Password to log in with, where no key is accepted.")
	a.Describe(&e.PrivateKey, "PEM text of the SSH key to log in with.")
	a.Describe(&e.PrivateKeyPassword, "Password of an encrypted private key.")
	a.Describe(&e.AgentSocketPath, "Socket of an SSH agent; SSH_AUTH_SOCK by default.")
	a.Describe(&e.HostKey, "The server's public key, as a line of authorized_keys; not verified where it is not given.")
	a.Describe(&e.DialErrorLimit, "Errors that dialling may meet before it fails; -1 for any number.")
	a.Describe(&e.PerDialTimeout, "Seconds for one attempt.")
	a.SetDefault(&e.Port, defaultPort)
	a.SetDefault(&e.User, defaultUser)
	a.SetDefault(&e.DialErrorLimit, defaultDialErrorLimit)
	a.SetDefault(&e.PerDialTimeout, defaultPerDialTimeout)
}

func (e *Endpoint) secrets() []string {
	var secrets []string
	for _, secret := range []*string{e.Password, e.PrivateKey, e.PrivateKeyPassword} {
		if secret != nil {
			secrets = append(secrets, *secret)
		}
	}
	return secrets
}

// ProxyConnection is the host to jump over.
type ProxyConnection struct{ Endpoint }

// Connection is the server that runs the command.
type Connection struct {
	Endpoint
	Proxy *ProxyConnection `pulumi:"proxy,optional"`
}

func (c *Connection) secrets() []string {
	if c.Proxy != nil {
		return append(c.Endpoint.secrets(), c.Proxy.secrets()...)
	}
	return c.Endpoint.secrets()
}
