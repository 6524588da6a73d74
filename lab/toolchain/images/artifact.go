package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"sigs.k8s.io/yaml"
)

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
	if err := addSource(archive, "/"+name, folder, 0); err != nil {
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
