package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// sshServer is a real SSH server: it runs commands with sh, forwards TCP and serves SFTP.
type sshServer struct {
	address  string
	hostKey  string // a line of authorized_keys
	password string

	acceptEnv []string
	mutex     sync.Mutex
	commands  []string // every command that was asked for
	forwards  []string // every address that was forwarded to
	refuse    int      // connections to close before the handshake
	closed    chan struct{}
}

func newKey(t *testing.T) (ssh.Signer, string, string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(pem.EncodeToMemory(block)), strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key)))
}

// startServer lets in `admin` with the password, and anybody with the client key (a line of authorized_keys).
func startServer(t *testing.T, clientKey string) *sshServer {
	t.Helper()
	signer, _, line := newKey(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sshServer{address: listener.Addr().String(), hostKey: line, password: "correct horse battery", closed: make(chan struct{})}
	config := &ssh.ServerConfig{
		PasswordCallback: func(meta ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if meta.User() == "admin" && string(password) == s.password {
				return nil, nil
			}
			return nil, errors.New("wrong password")
		},
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))) == clientKey {
				return nil, nil
			}
			return nil, errors.New("unknown key")
		},
	}
	config.AddHostKey(signer)
	t.Cleanup(func() { close(s.closed); listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			s.mutex.Lock()
			refused := s.refuse > 0
			s.refuse--
			s.mutex.Unlock()
			if refused {
				connection.Close()
				continue
			}
			go s.serve(connection, config)
		}
	}()
	return s
}

func (s *sshServer) serve(connection net.Conn, config *ssh.ServerConfig) {
	established, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		return
	}
	defer established.Close()
	go ssh.DiscardRequests(requests)
	for channel := range channels {
		switch channel.ChannelType() {
		case "session":
			go s.session(channel)
		case "direct-tcpip":
			go s.forward(channel)
		default:
			_ = channel.Reject(ssh.UnknownChannelType, "")
		}
	}
}

func (s *sshServer) session(offered ssh.NewChannel) {
	channel, requests, err := offered.Accept()
	if err != nil {
		return
	}
	defer channel.Close()
	var environment []string
	for request := range requests {
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			_ = ssh.Unmarshal(request.Payload, &variable)
			accepted := slices.Contains(s.acceptEnv, variable.Name)
			if accepted {
				environment = append(environment, variable.Name+"="+variable.Value)
			}
			_ = request.Reply(accepted, nil)
		case "subsystem":
			_ = request.Reply(true, nil)
			server, err := sftp.NewServer(channel)
			if err == nil {
				_ = server.Serve()
			}
			return
		case "exec":
			var command struct{ Text string }
			_ = ssh.Unmarshal(request.Payload, &command)
			_ = request.Reply(true, nil)
			s.mutex.Lock()
			s.commands = append(s.commands, command.Text)
			s.mutex.Unlock()
			child := exec.Command("/bin/sh", "-c", command.Text)
			child.Env = append(environment, "PATH=/usr/bin:/bin")
			child.Stdin, child.Stdout, child.Stderr = channel, channel, channel.Stderr()
			status := uint32(0)
			if err := child.Run(); err != nil {
				status = 255
				var exit *exec.ExitError
				if errors.As(err, &exit) {
					status = uint32(exit.ExitCode())
				}
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
			return
		}
	}
}

func (s *sshServer) forward(offered ssh.NewChannel) {
	var target struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	_ = ssh.Unmarshal(offered.ExtraData(), &target)
	address := net.JoinHostPort(target.Host, strconv.Itoa(int(target.Port)))
	s.mutex.Lock()
	s.forwards = append(s.forwards, address)
	s.mutex.Unlock()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		_ = offered.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := offered.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(channel, connection); channel.Close() }()
	_, _ = io.Copy(connection, channel)
	connection.Close()
}

func (s *sshServer) ran() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return slices.Clone(s.commands)
}
