package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// blob is what a registry keeps under a digest: a file of this machine, or bytes.
type blob struct {
	descriptor v1.Descriptor
	file       string
	content    []byte
}

func bytesBlob(content []byte, mediaType types.MediaType) blob {
	sum := sha256.Sum256(content)
	hash := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
	return blob{descriptor: v1.Descriptor{MediaType: mediaType, Size: int64(len(content)), Digest: hash}, content: content}
}

// document is what a tag names: a manifest, and the blobs that it lists.
type document struct {
	manifest blob
	blobs    []blob
}

func newDocument(mediaType types.MediaType, config blob, layers []blob) (*document, error) {
	manifest := v1.Manifest{SchemaVersion: 2, MediaType: mediaType, Config: config.descriptor}
	for _, layer := range layers {
		manifest.Layers = append(manifest.Layers, layer.descriptor)
	}
	content, err := json.Marshal(manifest)
	if err != nil {
		return nil, err
	}
	return &document{bytesBlob(content, mediaType), append([]blob{config}, layers...)}, nil
}

// newImage puts layers of the cache together to an image for the one platform of the lab.
func newImage(config v1.Config, folders []string) (*document, error) {
	image := mutate.MediaType(mutate.ConfigMediaType(empty.Image, types.OCIConfigJSON), types.OCIManifestSchema1)
	layers := []blob{}
	for _, folder := range folders {
		layer, err := openLayer(folder)
		if err != nil {
			return nil, err
		}
		if image, err = mutate.AppendLayers(image, layer); err != nil {
			return nil, err
		}
		record := layer.record
		descriptor := v1.Descriptor{MediaType: record.MediaType, Size: record.Size, Digest: record.Digest}
		layers = append(layers, blob{descriptor: descriptor, file: layer.blob})
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.Architecture, file.OS, file.Config = "amd64", "linux", config
	if image, err = mutate.ConfigFile(image, file); err != nil {
		return nil, err
	}
	raw, err := image.RawConfigFile()
	if err != nil {
		return nil, err
	}
	return newDocument(types.OCIManifestSchema1, bytesBlob(raw, types.OCIConfigJSON), layers)
}
