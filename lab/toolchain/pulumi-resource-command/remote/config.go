package remote

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

func value[T any](given *T, otherwise T) T {
	if given != nil {
		return *given
	}
	return otherwise
}

func (e *Endpoint) address() string {
	return net.JoinHostPort(e.Host, strconv.Itoa(int(value(e.Port, defaultPort))))
}

func (e *Endpoint) timeout() time.Duration {
	return time.Duration(value(e.PerDialTimeout, defaultPerDialTimeout)) * time.Second
}

// clientConfig has the ways to log in, keys before passwords. Errors: a key that cannot be read, an agent that does not answer.
func (e *Endpoint) clientConfig() (*ssh.ClientConfig, error) {
	verify, err := e.hostKeyCallback()
	if err != nil {
		return nil, err
	}
	config := &ssh.ClientConfig{User: value(e.User, defaultUser), HostKeyCallback: verify, Timeout: e.timeout()}
	if e.PrivateKey != nil {
		signer, err := parseKey([]byte(*e.PrivateKey), e.PrivateKeyPassword)
		if err != nil {
			return nil, fmt.Errorf("privateKey for %s: %w", e.address(), err)
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if e.Password != nil {
		password := *e.Password
		config.Auth = append(config.Auth, ssh.Password(password), ssh.KeyboardInteractive(
			func(_, _ string, questions []string, _ []bool) ([]string, error) {
				answers := make([]string, len(questions))
				for i := range answers {
					answers[i] = password
				}
				return answers, nil
			}))
	}
	if socket := value(e.AgentSocketPath, os.Getenv("SSH_AUTH_SOCK")); socket != "" {
		connection, err := net.Dial("unix", socket)
		if err != nil {
			return nil, fmt.Errorf("SSH agent %s: %w", socket, err)
		}
		config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(connection).Signers))
	}
	return config, nil
}

func parseKey(pem []byte, password *string) (ssh.Signer, error) {
	if password != nil {
		return ssh.ParsePrivateKeyWithPassphrase(pem, []byte(*password))
	}
	return ssh.ParsePrivateKey(pem)
}

// HostKeyError says that a server is not the one that was expected. The handshake ends with it: nothing was sent to the server.
type HostKeyError struct {
	Address            string
	Expected, Received ssh.PublicKey
}

func (e *HostKeyError) Error() string {
	return fmt.Sprintf("host key of %s differs: expected %s %s, received %s %s; nothing was run there. "+
		"If the host was rebuilt on purpose, correct hostKey", e.Address,
		e.Expected.Type(), ssh.FingerprintSHA256(e.Expected), e.Received.Type(), ssh.FingerprintSHA256(e.Received))
}

func (e *Endpoint) hostKeyCallback() (ssh.HostKeyCallback, error) {
	if e.HostKey == nil {
		return ssh.InsecureIgnoreHostKey(), nil // as upstream: verified only where a key is given
	}
	expected, _, _, _, err := ssh.ParseAuthorizedKey([]byte(*e.HostKey))
	if err != nil {
		return nil, fmt.Errorf("hostKey of %s: not a line like \"ssh-ed25519 AAAA…\": %w", e.address(), err)
	}
	fixed := ssh.FixedHostKey(expected)
	return func(hostname string, remote net.Addr, received ssh.PublicKey) error {
		if fixed(hostname, remote, received) != nil {
			return &HostKeyError{Address: e.address(), Expected: expected, Received: received}
		}
		return nil
	}, nil
}
