package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// store is a folder as distribution's file system driver reads it (registry/storage/paths.go there). Blobs of the cache
// are linked in, not copied: a store of gigabytes is made in a second.
type store string

func (s store) path(parts ...string) string {
	return filepath.Join(append([]string{string(s), "docker", "registry", "v2"}, parts...)...)
}

// put makes a tag name a document. The repository of "registry.k8s.io/pause:3.10.1" is "registry.k8s.io/pause": a mirror
// keeps upstream's registry as the first part of the path.
func (s store) put(reference string, what *document) error {
	tag, err := name.NewTag("mirror.local/"+reference, name.StrictValidation)
	if err != nil {
		return err
	}
	for _, each := range append(what.blobs, what.manifest) {
		if err := s.addBlob(each); err != nil {
			return fmt.Errorf("%s: %w", reference, err)
		}
	}
	repository := func(parts ...string) string {
		return s.path(append([]string{"repositories", tag.RepositoryStr()}, parts...)...)
	}
	manifest := what.manifest.descriptor.Digest
	links := map[string]v1.Hash{
		repository("_manifests", "revisions", "sha256", manifest.Hex, "link"):                   manifest,
		repository("_manifests", "tags", tag.TagStr(), "current", "link"):                       manifest,
		repository("_manifests", "tags", tag.TagStr(), "index", "sha256", manifest.Hex, "link"): manifest,
	}
	for _, each := range what.blobs {
		digest := each.descriptor.Digest
		links[repository("_layers", "sha256", digest.Hex, "link")] = digest
	}
	for path, digest := range links {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(digest.String()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (s store) addBlob(what blob) error {
	hex := what.descriptor.Digest.Hex
	folder := s.path("blobs", "sha256", hex[:2], hex)
	data := filepath.Join(folder, "data")
	if _, err := os.Stat(data); err == nil {
		return nil
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if what.file != "" {
		return os.Link(what.file, data)
	}
	return os.WriteFile(data, what.content, 0o644)
}
