package main

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

func kind(name string) schema.PropertySpec {
	return schema.PropertySpec{TypeSpec: schema.TypeSpec{Type: name}}
}

func reference(token string) schema.PropertySpec {
	return schema.PropertySpec{TypeSpec: schema.TypeSpec{Ref: typePrefix + token}}
}

// full has every selected token with one input of each name and kind that is given.
func full(inputs map[string]schema.PropertySpec, types map[string]schema.ComplexTypeSpec) schema.PackageSpec {
	spec := schema.PackageSpec{
		Resources: map[string]schema.ResourceSpec{}, Functions: map[string]schema.FunctionSpec{}, Types: types,
	}
	for _, token := range resources {
		spec.Resources[token] = schema.ResourceSpec{InputProperties: inputs, RequiredInputs: []string{"both"}}
	}
	for _, token := range functions {
		spec.Functions[token] = schema.FunctionSpec{Inputs: &schema.ObjectTypeSpec{Properties: inputs}}
	}
	return spec
}

func object(properties map[string]schema.PropertySpec) schema.ComplexTypeSpec {
	return schema.ComplexTypeSpec{ObjectTypeSpec: schema.ObjectTypeSpec{Type: "object", Properties: properties}}
}

func TestCutKeepsWhatBothHaveWithOneType(t *testing.T) {
	lab := full(map[string]schema.PropertySpec{
		"both": kind("string"), "ours": kind("string"), "differs": kind("string"),
		"nested": reference("x:index/N:N"), "lost": reference("x:index/Ours:Ours"),
	}, map[string]schema.ComplexTypeSpec{
		"x:index/N:N":       object(map[string]schema.PropertySpec{"a": kind("string"), "b": kind("string"), "deep": reference("x:index/D:D")}),
		"x:index/D:D":       object(map[string]schema.PropertySpec{"c": kind("string")}),
		"x:index/Ours:Ours": object(map[string]schema.PropertySpec{"z": kind("string")}),
	})
	theirs := full(map[string]schema.PropertySpec{
		"both": kind("string"), "theirs": kind("string"), "differs": kind("integer"), "nested": reference("x:index/N:N"),
	}, map[string]schema.ComplexTypeSpec{
		"x:index/N:N": object(map[string]schema.PropertySpec{"a": kind("string"), "b": kind("integer"), "deep": reference("x:index/D:D")}),
		"x:index/D:D": object(map[string]schema.PropertySpec{"c": kind("string")}),
	})
	official := surfaceOf(theirs)
	demanding := official.Resources[resources[0]]
	demanding.Required = []string{"nested", "theirs"}
	official.Resources[resources[0]] = demanding

	result, err := cut(lab, official)
	if err != nil {
		t.Fatal(err)
	}
	first := result.Resources[resources[0]]
	if got := slices.Sorted(maps.Keys(first.InputProperties)); !slices.Equal(got, []string{"both", "nested"}) {
		t.Errorf("inputs %v", got)
	}
	if !slices.Equal(first.RequiredInputs, []string{"both", "nested"}) {
		t.Errorf("required %v", first.RequiredInputs)
	}
	if got := slices.Sorted(maps.Keys(result.Types)); !slices.Equal(got, []string{"x:index/D:D", "x:index/N:N"}) {
		t.Errorf("types %v", got)
	}
	if got := slices.Sorted(maps.Keys(result.Types["x:index/N:N"].Properties)); !slices.Equal(got, []string{"a", "deep"}) {
		t.Errorf("nested %v", got)
	}
}

func TestCutRefusesATokenThatOneSideLacks(t *testing.T) {
	spec := full(map[string]schema.PropertySpec{"both": kind("string")}, nil)
	official := surfaceOf(spec)
	delete(official.Functions, functions[0])
	if _, err := cut(spec, official); err == nil || !strings.Contains(err.Error(), functions[0]) {
		t.Errorf("error %v", err)
	}
}
