package main

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

// cut reduces the lab's schema to the selection and, within it, to the properties that the official package has with
// the same type: a program that compiles against the SDK runs with either plugin.
// Errors: a selected token that one of the two lacks.
func cut(lab schema.PackageSpec, official surface) (schema.PackageSpec, error) {
	labSurface := surfaceOf(lab)
	common := commonTypes(labSurface.Types, official.Types)
	result := lab
	result.Resources, result.Functions, result.Types = map[string]schema.ResourceSpec{}, map[string]schema.FunctionSpec{}, map[string]schema.ComplexTypeSpec{}

	for _, token := range resources {
		resource, inLab := lab.Resources[token]
		theirs, inOfficial := official.Resources[token]
		if !inLab || !inOfficial {
			return result, fmt.Errorf("resource %s: in the lab's plugin %t, in the official one %t: both must have it", token, inLab, inOfficial)
		}
		ours := labSurface.Resources[token]
		keepInput, keepOutput := keeper(ours.Inputs, theirs.Inputs, common), keeper(ours.Outputs, theirs.Outputs, common)
		resource.InputProperties = keepInput(resource.InputProperties)
		resource.RequiredInputs = required(ours.Required, theirs.Required, resource.InputProperties)
		resource.Properties = keepOutput(resource.Properties)
		resource.Required = required(resource.Required, nil, resource.Properties)
		if resource.StateInputs != nil {
			state := *resource.StateInputs
			state.Properties = keepOutput(state.Properties)
			resource.StateInputs = &state
		}
		result.Resources[token] = resource
	}
	for _, token := range functions {
		function, inLab := lab.Functions[token]
		theirs, inOfficial := official.Functions[token]
		if !inLab || !inOfficial {
			return result, fmt.Errorf("function %s: in the lab's plugin %t, in the official one %t: both must have it", token, inLab, inOfficial)
		}
		ours := labSurface.Functions[token]
		if function.Inputs != nil {
			inputs := *function.Inputs
			inputs.Properties = keeper(ours.Inputs, theirs.Inputs, common)(inputs.Properties)
			inputs.Required = required(ours.Required, theirs.Required, inputs.Properties)
			function.Inputs = &inputs
		}
		if outputs := functionOutputs(function); outputs != nil {
			kept := *outputs
			kept.Properties = keeper(ours.Outputs, theirs.Outputs, common)(kept.Properties)
			kept.Required = required(kept.Required, nil, kept.Properties)
			function.Outputs, function.ReturnType = &kept, nil
		}
		result.Functions[token] = function
	}
	keepConfig := keeper(labSurface.Provider.Inputs, official.Provider.Inputs, common)
	result.Provider.InputProperties = keepConfig(lab.Provider.InputProperties)
	result.Provider.RequiredInputs = required(lab.Provider.RequiredInputs, official.Provider.Required, result.Provider.InputProperties)
	result.Provider.Properties = keepConfig(lab.Provider.Properties)
	result.Provider.Required = required(lab.Provider.Required, nil, result.Provider.Properties)
	result.Config = schema.ConfigSpec{Variables: keepConfig(lab.Config.Variables)}

	for token := range labSurface.Types {
		if !common[token] {
			continue
		}
		object := lab.Types[token]
		object.Properties = keeper(labSurface.Types[token].Inputs, official.Types[token].Inputs, common)(object.Properties)
		object.Required = required(object.Required, official.Types[token].Required, object.Properties)
		object.Language = nil // nodejs.requiredOutputs may name what was cut
		result.Types[token] = object
	}
	left := surfaceOf(result).Types
	maps.DeleteFunc(result.Types, func(token string, _ schema.ComplexTypeSpec) bool { _, used := left[token]; return !used })
	return result, nil
}

func commonTypes(ours, theirs map[string]shape) map[string]bool {
	common := map[string]bool{}
	for token := range ours {
		_, common[token] = theirs[token]
	}
	return common
}

// keeper keeps the properties that both surfaces have with one type.
func keeper(ours, theirs properties, common map[string]bool) func(map[string]schema.PropertySpec) map[string]schema.PropertySpec {
	return func(specs map[string]schema.PropertySpec) map[string]schema.PropertySpec {
		kept := map[string]schema.PropertySpec{}
		for name, spec := range specs {
			if theirType, ok := theirs[name]; ok && theirType == ours[name] && reachable(spec.TypeSpec, common) {
				kept[name] = spec
			}
		}
		return kept
	}
}

func reachable(spec schema.TypeSpec, common map[string]bool) bool {
	if spec.Items != nil {
		return reachable(*spec.Items, common)
	}
	if len(spec.Ref) > len(typePrefix) && spec.Ref[:len(typePrefix)] == typePrefix {
		return common[spec.Ref[len(typePrefix):]]
	}
	return true
}

// required is the sorted union of what either plugin demands, of the properties that are left.
func required(ours, theirs []string, left map[string]schema.PropertySpec) []string {
	names := append(slices.Clone(ours), theirs...)
	slices.Sort(names)
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { _, ok := left[name]; return !ok })
}
