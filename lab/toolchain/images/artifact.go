package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"sigs.k8s.io/yaml"
)

// emptyConfig is the media type of a configuration that says nothing.
const emptyConfig = types.MediaType("application/vnd.oci.empty.v1+json")

// Helm's media types, https://helm.sh/docs/topics/registries/#helm-chart-manifest
const (
	helmConfig = types.MediaType("application/vnd.cncf.helm.config.v1+json")
	helmChart  = types.MediaType("application/vnd.cncf.helm.chart.content.v1.tar+gzip")
)

// packChart packs a chart's folder as Helm does: Chart.yaml as the configuration, the archive as the only layer.
func packChart(folder string) (*document, error) {
	description, err := os.ReadFile(filepath.Join(folder, "Chart.yaml"))
	if err != nil {
		return nil, err
	}
	var metadata map[string]any
	if err := yaml.Unmarshal(description, &metadata); err != nil {
		return nil, fmt.Errorf("%s/Chart.yaml: %w", folder, err)
	}
	name, _ := metadata["name"].(string)
	if name == "" {
		return nil, fmt.Errorf("%s/Chart.yaml: has no name", folder)
	}
	config, err := json.Marshal(metadata)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	compressor := gzip.NewWriter(&packed)
	archive := tar.NewWriter(compressor)
	if err := addSource(archive, "/"+name, folder, 0, nil); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := compressor.Close(); err != nil {
		return nil, err
	}
	return newDocument(types.OCIManifestSchema1, bytesBlob(config, helmConfig), []blob{bytesBlob(packed.Bytes(), helmChart)})
}

// packFiles makes of files what `oras push` makes of them: an empty configuration (OCI image-spec, manifest.md), and one
// layer for each file with its title.
func packFiles(files map[string]string) (*document, error) {
	layers := []blob{}
	for _, title := range slices.Sorted(maps.Keys(files)) {
		content, err := os.ReadFile(files[title])
		if err != nil {
			return nil, err
		}
		layer := bytesBlob(content, "application/octet-stream")
		layer.descriptor.Annotations = map[string]string{"org.opencontainers.image.title": title}
		layers = append(layers, layer)
	}
	return newDocument(types.OCIManifestSchema1, bytesBlob([]byte("{}"), emptyConfig), layers)
}
