package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/pkg/sftp"
	provider "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi-go-provider/infer/types"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// CopyToRemote is the resource command:remote:CopyToRemote.
type CopyToRemote struct{}

// CopyToRemoteArgs are its inputs.
type CopyToRemoteArgs struct {
	Connection Connection           `pulumi:"connection" provider:"secret"`
	Source     types.AssetOrArchive `pulumi:"source"`
	RemotePath string               `pulumi:"remotePath"`
	Triggers   []any                `pulumi:"triggers,optional"`
}

// CopyToRemoteState is its inputs.
type CopyToRemoteState struct{ CopyToRemoteArgs }

func (*CopyToRemote) Annotate(a infer.Annotator) {
	a.Describe(&CopyToRemote{}, "A file, text or folder copied to a remote host by SFTP. Deleting the resource leaves the copy.")
}

// Annotate describes the inputs.
func (c *CopyToRemoteArgs) Annotate(a infer.Annotator) {
	a.Describe(&c.Connection, "The host to copy to.")
	a.Describe(&c.Source, "A file asset, a text asset, or a file archive that is a folder or a file.")
	a.Describe(&c.RemotePath, "Where it goes: a file, or a folder that exists.")
	a.Describe(&c.Triggers, "A change of any of these values replaces the resource.")
}

// Check refuses what cannot be copied, before anything is.
func (*CopyToRemote) Check(ctx context.Context, req infer.CheckRequest) (infer.CheckResponse[CopyToRemoteArgs], error) {
	inputs, failures, err := infer.DefaultCheck[CopyToRemoteArgs](ctx, req.NewInputs)
	if err == nil && len(failures) == 0 {
		source := inputs.Source
		isFile := source.Asset != nil && (source.Asset.IsPath() || source.Asset.IsText())
		isFolder := source.Archive != nil && source.Archive.IsPath()
		if !isFile && !isFolder && !req.NewInputs.Get("source").HasComputed() {
			failures = append(failures, provider.CheckFailure{
				Property: "source", Reason: "neither a file asset, a text asset nor a file archive",
			})
		}
	}
	return infer.CheckResponse[CopyToRemoteArgs]{Inputs: inputs, Failures: failures}, err
}

// Create copies.
func (*CopyToRemote) Create(ctx context.Context, req infer.CreateRequest[CopyToRemoteArgs]) (infer.CreateResponse[CopyToRemoteState], error) {
	response := infer.CreateResponse[CopyToRemoteState]{Output: CopyToRemoteState{req.Inputs}}
	var err error
	if response.ID, err = resource.NewUniqueHex(req.Name, 8, 0); err != nil || req.DryRun {
		return response, err
	}
	return response, req.Inputs.copy(ctx)
}

// Update copies again; where only the connection changed the copy is the same, and proves that the connection works.
func (*CopyToRemote) Update(ctx context.Context, req infer.UpdateRequest[CopyToRemoteArgs, CopyToRemoteState]) (infer.UpdateResponse[CopyToRemoteState], error) {
	response := infer.UpdateResponse[CopyToRemoteState]{Output: CopyToRemoteState{req.Inputs}}
	if req.DryRun {
		return response, nil
	}
	return response, req.Inputs.copy(ctx)
}

func (c *CopyToRemoteArgs) copy(ctx context.Context) error {
	connected, err := c.Connection.dial(ctx)
	if err != nil {
		return err
	}
	defer connected.Close()
	defer context.AfterFunc(ctx, func() { _ = connected.Close() })()
	target, err := sftp.NewClient(connected.Client)
	if err != nil {
		return fmt.Errorf("%s offers no SFTP: %w", c.Connection.address(), err)
	}
	defer target.Close()
	if err := c.copyWith(target); err != nil {
		return fmt.Errorf("copying to %s:%s: %w", c.Connection.address(), c.RemotePath, err)
	}
	return nil
}

func (c *CopyToRemoteArgs) copyWith(target *sftp.Client) error {
	existing, err := target.Stat(c.RemotePath)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	intoFolder := existing != nil && existing.IsDir()
	if c.Source.Asset != nil && c.Source.Asset.IsText() {
		if intoFolder {
			return errors.New("is a folder; a text needs the name of a file")
		}
		return write(target, strings.NewReader(c.Source.Asset.Text), c.RemotePath)
	}
	source := ""
	if c.Source.Asset != nil {
		source = c.Source.Asset.Path
	} else {
		source = c.Source.Archive.Path
	}
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	inside := path.Join(c.RemotePath, filepath.Base(source))
	switch {
	case info.IsDir() && existing != nil && !intoFolder:
		return errors.New("is a file, the source a folder")
	case info.IsDir() && strings.HasSuffix(source, "/"): // stands for what it holds
		return copyTree(target, source, c.RemotePath)
	case info.IsDir():
		return errors.Join(folder(target, c.RemotePath), copyTree(target, source, inside))
	case intoFolder:
		return copyTree(target, source, inside)
	}
	return copyTree(target, source, c.RemotePath)
}

// folder makes one folder unless it is there; like upstream, and unlike its documentation, not the folders above it.
func folder(target *sftp.Client, name string) error {
	if info, err := target.Stat(name); err == nil && info.IsDir() {
		return nil
	}
	if err := target.Mkdir(name); err != nil {
		return fmt.Errorf("folder %s: %w", name, err)
	}
	return nil
}

func copyTree(target *sftp.Client, source, destination string) error {
	return filepath.WalkDir(source, func(name string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(source, name)
		if err != nil {
			return err
		}
		to := path.Join(destination, filepath.ToSlash(relative))
		info, err := os.Stat(name) // the file that a link names, not the link
		if err != nil {
			return err
		}
		if info.IsDir() {
			return folder(target, to)
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		return write(target, file, to)
	})
}

func write(target *sftp.Client, content io.Reader, destination string) error {
	file, err := target.Create(destination)
	if err != nil {
		return fmt.Errorf("%s: %w", destination, err)
	}
	_, err = file.ReadFrom(content)
	return errors.Join(err, file.Close())
}
