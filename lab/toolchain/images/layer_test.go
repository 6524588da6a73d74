package main

import (
	"archive/tar"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
)

// packed is what an archive holds of one entry.
type packed struct {
	header  tar.Header
	content string
}

func pack(t *testing.T, entries []Entry) (map[string]packed, storedLayer) {
	t.Helper()
	folder := t.TempDir()
	if err := writeLayer(entries, folder); err != nil {
		t.Fatal(err)
	}
	layer, err := openLayer(folder)
	if err != nil {
		t.Fatal(err)
	}
	blob, err := layer.Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	decoder, err := zstd.NewReader(blob)
	if err != nil {
		t.Fatal(err)
	}
	defer decoder.Close()
	found := map[string]packed{}
	for archive := tar.NewReader(decoder); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return found, layer
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := found[header.Name]; twice {
			t.Errorf("%s: is there twice", header.Name)
		}
		found[header.Name] = packed{*header, string(content)}
	}
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestLayerHoldsFilesFoldersAndLinks(t *testing.T) {
	sources := t.TempDir()
	write(t, filepath.Join(sources, "program"), "binary", 0o700)
	write(t, filepath.Join(sources, "tree", "deep", "read-only.h"), "header", 0o444)
	if err := os.Symlink("deep/read-only.h", filepath.Join(sources, "tree", "link.h")); err != nil {
		t.Fatal(err)
	}
	text := ""
	found, _ := pack(t, []Entry{
		{Path: "/usr/bin/program", Source: filepath.Join(sources, "program"), Mode: 0o755, BindsLowPorts: true},
		{Path: "/var/lib/tree", Source: filepath.Join(sources, "tree")},
		{Path: "/etc/empty", Content: &text},
		{Path: "/usr/bin/alias", Link: "program"},
		{Path: "/tmp", Directory: true, Mode: 0o1777},
	})
	want := map[string]struct {
		kind    byte
		mode    int64
		content string
		link    string
	}{
		"usr/bin/program":               {tar.TypeReg, 0o755, "binary", ""},
		"var/lib/tree/deep/read-only.h": {tar.TypeReg, 0o644, "header", ""},
		"var/lib/tree/link.h":           {tar.TypeSymlink, 0o777, "", "deep/read-only.h"},
		"etc/empty":                     {tar.TypeReg, 0o644, "", ""},
		"usr/bin/alias":                 {tar.TypeSymlink, 0o777, "", "program"},
		"tmp/":                          {tar.TypeDir, 0o1777, "", ""},
	}
	if len(found) != len(want) {
		t.Errorf("%d entries, want %d: no folder but the named one has an entry", len(found), len(want))
	}
	for name, each := range want {
		got := found[name]
		if got.header.Typeflag != each.kind || got.header.Mode != each.mode || got.content != each.content || got.header.Linkname != each.link {
			t.Errorf("%s: %+v %q", name, got.header, got.content)
		}
	}
	if got := found["usr/bin/program"].header.PAXRecords["SCHILY.xattr.security.capability"]; got != netBindService || len(got) != 20 {
		t.Errorf("file capability: %q", got)
	}
}

func TestLayerDependsOnContentAlone(t *testing.T) {
	sources := t.TempDir()
	file := filepath.Join(sources, "file")
	write(t, file, "same", 0o644)
	entries := func() []Entry { return []Entry{{Path: "/b", Source: file}, {Path: "/a", Link: "b"}} }
	_, first := pack(t, entries())
	if err := os.Chtimes(file, time.Unix(1, 0), time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	reversed := entries()
	reversed[0], reversed[1] = reversed[1], reversed[0]
	if _, second := pack(t, reversed); second.record != first.record {
		t.Errorf("%+v, then %+v", first.record, second.record)
	}
	write(t, file, "other", 0o644)
	if _, third := pack(t, entries()); third.record == first.record {
		t.Error("another content, the same layer")
	}
}

func TestLayerRefusesWhatItCannotPack(t *testing.T) {
	for name, entry := range map[string]Entry{
		"nothing to pack": {Path: "/nothing"},
		"no such file":    {Path: "/missing", Source: filepath.Join(t.TempDir(), "missing")},
	} {
		if err := writeLayer([]Entry{entry}, t.TempDir()); err == nil {
			t.Errorf("%s: packed", name)
		}
	}
}
