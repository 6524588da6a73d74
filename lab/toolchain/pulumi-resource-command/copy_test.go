package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
)

func TestCopyToRemote(t *testing.T) {
	host := startServer(t, "")
	source, target := t.TempDir(), t.TempDir()
	ok(t, os.MkdirAll(filepath.Join(source, "folder", "inner"), 0o755))
	ok(t, os.WriteFile(filepath.Join(source, "folder", "inner", "file"), []byte("in a folder"), 0o644))
	ok(t, os.WriteFile(filepath.Join(source, "single"), []byte("a file"), 0o644))

	asset := func(value *resource.Asset, err error) property.Value {
		ok(t, err)
		return property.New(value)
	}
	archive := func(name string) property.Value {
		value, err := resource.NewPathArchive(filepath.Join(source, name))
		ok(t, err)
		if name == "folder/" {
			value.Path = filepath.Join(source, "folder") + "/"
		}
		return property.New(value)
	}
	single := asset(resource.NewPathAsset(filepath.Join(source, "single")))
	copy := func(source property.Value, to string) error {
		return newCommand(t, copyToRemote).create(values{
			"connection": property.New(host.connection(nil)), "source": source, "remotePath": text(filepath.Join(target, to)),
		})
	}
	arrived := func(name, want string) {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(target, name))
		ok(t, err)
		if string(got) != want {
			t.Errorf("%s holds %q, want %q", name, got, want)
		}
	}

	ok(t, copy(asset(resource.NewTextAsset("a text")), "text"))
	arrived("text", "a text")
	ok(t, copy(single, "renamed"))
	arrived("renamed", "a file")
	ok(t, copy(single, "."))
	arrived("single", "a file")
	ok(t, copy(archive("folder"), "."))
	arrived("folder/inner/file", "in a folder")
	ok(t, copy(archive("folder/"), "contents"))
	arrived("contents/inner/file", "in a folder")

	mustFail(t, copy(archive("folder"), "text"), "is a file")
	mustFail(t, copy(asset(resource.NewTextAsset("x")), "folder"), "is a folder")
	mustFail(t, copy(single, "no/such/folder/file"), host.address, "no/such/folder")
}
