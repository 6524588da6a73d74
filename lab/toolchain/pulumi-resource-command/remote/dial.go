package remote

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/retry"
	"golang.org/x/crypto/ssh"
)

// client is a connection to the target and, where there is one, the connection to the proxy that carries it.
type client struct {
	*ssh.Client
	proxy *ssh.Client
}

func (c *client) Close() error {
	err := c.Client.Close()
	if c.proxy != nil {
		_ = c.proxy.Close()
	}
	return err
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// dial connects, over the proxy if there is one, each hop as often as its dialErrorLimit says: a host that still boots
// refuses connections, keys, or presents the host key it had before cloud-init wrote the right one. Errors: the last one.
func (c *Connection) dial(ctx context.Context) (*client, error) {
	direct := dialer((&net.Dialer{}).DialContext)
	if c.Proxy == nil {
		target, err := c.Endpoint.dial(ctx, direct)
		return &client{Client: target}, err
	}
	proxy, err := c.Proxy.Endpoint.dial(ctx, direct)
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	target, err := c.Endpoint.dial(ctx, proxy.DialContext)
	if err != nil {
		_ = proxy.Close()
		return nil, fmt.Errorf("over the proxy %s: %w", c.Proxy.address(), err)
	}
	return &client{Client: target, proxy: proxy}, nil
}

func (e *Endpoint) dial(ctx context.Context, through dialer) (*ssh.Client, error) {
	config, err := e.clientConfig()
	if err != nil {
		return nil, err
	}
	limit := value(e.DialErrorLimit, defaultDialErrorLimit)
	accept := func(try int, _ time.Duration) (bool, any, error) {
		connected, err := e.attempt(ctx, through, config)
		if err != nil && (limit < 0 || try < limit) {
			return false, nil, nil
		}
		return true, connected, err
	}
	ok, connected, err := retry.Until(ctx, retry.Acceptor{Accept: accept})
	if err != nil {
		return nil, fmt.Errorf("connecting to %s failed %d times: %w", e.address(), limit+1, err)
	}
	if !ok {
		return nil, fmt.Errorf("connecting to %s: %w", e.address(), context.Cause(ctx))
	}
	return connected.(*ssh.Client), nil
}

func (e *Endpoint) attempt(ctx context.Context, through dialer, config *ssh.ClientConfig) (*ssh.Client, error) {
	timed, cancel := context.WithTimeout(ctx, e.timeout())
	defer cancel()
	connection, err := through(timed, "tcp", e.address())
	if err != nil {
		return nil, err
	}
	// A server that accepts and then says nothing: a channel of the proxy knows no deadline, closing ends it, too.
	stop := context.AfterFunc(timed, func() { _ = connection.Close() })
	defer stop()
	established, channels, requests, err := ssh.NewClientConn(connection, e.address(), config)
	if err != nil {
		_ = connection.Close()
		if timed.Err() != nil {
			return nil, fmt.Errorf("no SSH handshake within %s: %w", e.timeout(), err)
		}
		return nil, err
	}
	return ssh.NewClient(established, channels, requests), nil
}
