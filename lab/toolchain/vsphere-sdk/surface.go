package main

import (
	"encoding/json"
	"os"
	"slices"
	"strings"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// properties maps a property's name to its type: "string", "[]string", "map[]string", or a type's token.
type properties map[string]string

// shape is the surface of one resource, function or object type; a type has only outputs' counterpart, Inputs.
type shape struct {
	Inputs   properties `json:"inputs"`
	Required []string   `json:"required,omitempty"`
	Outputs  properties `json:"outputs,omitempty"`
}

// surface is the part of a package's schema that decides whether a program written for it runs: a compact, committed
// stand-in for the official schema, whose 250 kB would be a copy of somebody else's file.
type surface struct {
	Source    string           `json:"source"`
	Version   string           `json:"version"`
	Provider  shape            `json:"provider"`
	Resources map[string]shape `json:"resources"`
	Functions map[string]shape `json:"functions"`
	Types     map[string]shape `json:"types"`
}

const typePrefix = "#/types/"

// surfaceOf reduces a schema to the selected resources and functions and to the types that they reach.
// Errors: none; a selected token that the schema lacks is absent from the result.
func surfaceOf(spec schema.PackageSpec) surface {
	result := surface{Resources: map[string]shape{}, Functions: map[string]shape{}, Types: map[string]shape{}}
	walk := typeWalk{spec: spec, found: result.Types}
	result.Provider = shape{Inputs: walk.properties(spec.Provider.InputProperties), Required: spec.Provider.RequiredInputs}
	for _, token := range resources {
		if resource, ok := spec.Resources[token]; ok {
			result.Resources[token] = shape{
				Inputs:   walk.properties(resource.InputProperties),
				Required: resource.RequiredInputs,
				Outputs:  walk.properties(resource.Properties),
			}
		}
	}
	for _, token := range functions {
		if function, ok := spec.Functions[token]; ok {
			entry := shape{Inputs: properties{}}
			if function.Inputs != nil {
				entry.Inputs, entry.Required = walk.properties(function.Inputs.Properties), function.Inputs.Required
			}
			if outputs := functionOutputs(function); outputs != nil {
				entry.Outputs = walk.properties(outputs.Properties)
			}
			result.Functions[token] = entry
		}
	}
	return result
}

func functionOutputs(function schema.FunctionSpec) *schema.ObjectTypeSpec {
	if function.Outputs != nil {
		return function.Outputs
	}
	if function.ReturnType != nil {
		return function.ReturnType.ObjectTypeSpec
	}
	return nil
}

// typeWalk names types and collects the object types that it meets.
type typeWalk struct {
	spec  schema.PackageSpec
	found map[string]shape
}

func (w typeWalk) properties(specs map[string]schema.PropertySpec) properties {
	result := properties{}
	for name, property := range specs {
		result[name] = w.name(property.TypeSpec)
	}
	return result
}

func (w typeWalk) name(spec schema.TypeSpec) string {
	switch {
	case strings.HasPrefix(spec.Ref, typePrefix):
		token := strings.TrimPrefix(spec.Ref, typePrefix)
		if _, seen := w.found[token]; !seen {
			object := w.spec.Types[token]
			w.found[token] = shape{} // entered before its properties, since a type may reach itself
			w.found[token] = shape{Inputs: w.properties(object.Properties), Required: slices.Sorted(slices.Values(object.Required))}
		}
		return token
	case spec.Ref != "":
		return spec.Ref
	case spec.Type == "array":
		return "[]" + w.name(*spec.Items)
	case spec.Type == "object" && spec.AdditionalProperties != nil:
		return "map[]" + w.name(*spec.AdditionalProperties)
	case len(spec.OneOf) > 0:
		return "oneOf:" + w.name(spec.OneOf[0]) // the first is the enumeration's or object's own type
	default:
		return spec.Type
	}
}

func readJSON(path string, into any) error {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(bytes, into)
}

func writeJSON(path string, value any) error {
	bytes, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(bytes, '\n'), 0o644)
}
