package main

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	provider "github.com/pulumi/pulumi-go-provider"
)

type propertySpec struct {
	Type                 string        `json:"type"`
	Ref                  string        `json:"$ref"`
	Items                *propertySpec `json:"items"`
	AdditionalProperties *propertySpec `json:"additionalProperties"`
	Default              any           `json:"default"`
	Secret               bool          `json:"secret"`
}

func (p propertySpec) name() string {
	switch {
	case p.Ref != "":
		return strings.TrimPrefix(p.Ref, "#/types/")
	case p.Type == "array":
		return "[]" + p.Items.name()
	case p.AdditionalProperties != nil:
		return "map[]" + p.AdditionalProperties.name()
	}
	return p.Type
}

type schema struct {
	Resources map[string]struct {
		InputProperties map[string]propertySpec `json:"inputProperties"`
		RequiredInputs  []string                `json:"requiredInputs"`
		Properties      map[string]propertySpec `json:"properties"`
	} `json:"resources"`
	Types map[string]struct {
		Properties map[string]propertySpec  `json:"properties"`
		Required   []string                 `json:"required"`
		Enum       []struct{ Value string } `json:"enum"`
	} `json:"types"`
}

type official struct {
	Resources map[string]struct {
		Inputs, Outputs map[string]string
		Required        []string
	}
	Types map[string]struct {
		Inputs            map[string]string
		Required, Secrets []string
		Defaults          map[string]any
		Enum              []string
	}
}

// What the stand-in leaves out on purpose; main.go says so.
var absent = map[string][]string{
	"command:local:Command": {"archive", "archivePaths", "assetPaths", "assets"},
}

func names(properties map[string]propertySpec) map[string]string {
	result := map[string]string{}
	for name, spec := range properties {
		result[name] = spec.name()
	}
	return result
}

func TestSchemaIsTheOfficialOneForWhatItKnows(t *testing.T) {
	var theirs official
	bytes, err := os.ReadFile("testdata/official.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(bytes, &theirs); err != nil {
		t.Fatal(err)
	}
	response, err := newTestServer(t).GetSchema(provider.GetSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var ours schema
	if err := json.Unmarshal([]byte(response.Schema), &ours); err != nil {
		t.Fatal(err)
	}

	equal := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", what, got, want)
		}
	}
	equal("resources", slices.Sorted(maps.Keys(ours.Resources)), slices.Sorted(maps.Keys(theirs.Resources)))
	for token, want := range theirs.Resources {
		got := ours.Resources[token]
		for _, name := range absent[token] {
			delete(want.Inputs, name)
			delete(want.Outputs, name)
		}
		equal(token+" inputs", names(got.InputProperties), want.Inputs)
		equal(token+" outputs", names(got.Properties), want.Outputs)
		slices.Sort(want.Required)
		slices.Sort(got.RequiredInputs)
		equal(token+" required", append([]string{}, got.RequiredInputs...), want.Required)
	}
	equal("types", slices.Sorted(maps.Keys(ours.Types)), slices.Sorted(maps.Keys(theirs.Types)))
	for token, want := range theirs.Types {
		got := ours.Types[token]
		if want.Enum != nil {
			values := []string{}
			for _, entry := range got.Enum {
				values = append(values, entry.Value)
			}
			slices.Sort(values)
			slices.Sort(want.Enum)
			equal(token, values, want.Enum)
			continue
		}
		equal(token+" properties", names(got.Properties), want.Inputs)
		equal(token+" required", got.Required, want.Required)
		defaults, secrets := map[string]any{}, []string{}
		for name, spec := range got.Properties {
			if spec.Default != nil {
				defaults[name] = spec.Default
			}
			if spec.Secret {
				secrets = append(secrets, name)
			}
		}
		slices.Sort(secrets)
		equal(token+" defaults", defaults, want.Defaults)
		equal(token+" secrets", secrets, want.Secrets)
	}
}
