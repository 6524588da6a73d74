// images packs container images, Helm charts and plain files, without a daemon, into the folder that a registry serves.
//
//	images layer LAYER.json FOLDER   packs one layer: {"entries": [...]} becomes FOLDER/blob and FOLDER/layer.json
//	images store STORE.json FOLDER   puts layers together to images, adds charts, and lays them out for distribution
package main

import (
	"encoding/json"
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// storeSpec lists what a registry holds, by "{upstream registry}/{repository}:{tag}".
type storeSpec struct {
	Images []struct {
		Name   string    `json:"name"`
		Config v1.Config `json:"config"`
		// Layers are folders that `images layer` wrote, lowest first.
		Layers []string `json:"layers"`
	} `json:"images"`
	Charts []struct {
		Name   string `json:"name"`
		Folder string `json:"folder"`
	} `json:"charts"`
	Artifacts []struct {
		Name string `json:"name"`
		// Files by their title.
		Files map[string]string `json:"files"`
	} `json:"artifacts"`
}

func readSpec(file string, into any) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

func makeLayer(specFile, folder string) error {
	var spec struct {
		Entries []Entry `json:"entries"`
	}
	if err := readSpec(specFile, &spec); err != nil {
		return err
	}
	return writeLayer(spec.Entries, folder)
}

func makeStore(specFile, folder string) error {
	var spec storeSpec
	if err := readSpec(specFile, &spec); err != nil {
		return err
	}
	for _, image := range spec.Images {
		document, err := newImage(image.Config, image.Layers)
		if err != nil {
			return fmt.Errorf("%s: %w", image.Name, err)
		}
		if err := store(folder).put(image.Name, document); err != nil {
			return err
		}
	}
	for _, chart := range spec.Charts {
		document, err := packChart(chart.Folder)
		if err != nil {
			return fmt.Errorf("%s: %w", chart.Name, err)
		}
		if err := store(folder).put(chart.Name, document); err != nil {
			return err
		}
	}
	for _, artifact := range spec.Artifacts {
		document, err := packFiles(artifact.Files)
		if err != nil {
			return fmt.Errorf("%s: %w", artifact.Name, err)
		}
		if err := store(folder).put(artifact.Name, document); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	commands := map[string]func(string, string) error{"layer": makeLayer, "store": makeStore}
	if len(os.Args) != 4 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: images layer LAYER.json FOLDER | images store STORE.json FOLDER")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		os.Exit(1)
	}
}
