package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"

	"lab/toolchain/pulumi-resource-vsphere/bridge"
)

// generate writes the npm package into dir: schema.json (the cut schema) and the sources that codegen makes of it.
// Errors: a selected token that one side lacks, a schema that codegen refuses, files that cannot be written.
func generate(officialPath, dir string) error {
	var official surface
	if err := readJSON(officialPath, &official); err != nil {
		return err
	}
	// tfgen reports each missing documentation page; there are none in memory, so its warnings say nothing.
	sink := diag.DefaultSink(&bytes.Buffer{}, os.Stderr, diag.FormatOptions{Color: colors.Never})
	lab, err := tfgen.GenerateSchemaWithOptions(tfgen.GenerateSchemaOptions{
		ProviderInfo: bridge.Provider(officialVersion), DiagnosticsSink: sink, XInMemoryDocs: true,
	})
	if err != nil {
		return err
	}
	spec, err := cut(lab.PackageSpec, official)
	if err != nil {
		return err
	}
	spec.Version = officialVersion
	spec.Description = "The official package's names and tokens, cut to what this repository uses. Generated: npm run generate:vsphere"
	spec.Language = map[string]schema.RawMessage{"nodejs": schema.RawMessage(`{
		"packageName": "@pulumi/vsphere", "respectSchemaVersion": true, "compatibility": "tfbridge20", "disableUnionOutputTypes": true }`)}
	pkg, diagnostics, err := schema.BindSpec(spec, nil)
	if err != nil {
		return err
	}
	if diagnostics.HasErrors() {
		return diagnostics
	}
	files, err := nodejs.GeneratePackage("lab/toolchain/vsphere-sdk", pkg, nil, nil, false)
	if err != nil {
		return err
	}
	if err := adapt(files); err != nil {
		return err
	}
	if err := removeOld(dir); err != nil {
		return err
	}
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, content, 0o644); err != nil {
			return err
		}
	}
	return writeJSON(filepath.Join(dir, "schema.json"), spec)
}

// adapt makes a package to be published into one that is used where it lies: compiled into bin/ by `tsc -b`.
func adapt(files map[string][]byte) error {
	// Compiled code lies one folder deeper than package.json; publishing would copy that file, a second one of the
	// same name, beside it.
	const here, above = "require('./package.json')", "require('../package.json')"
	if !bytes.Contains(files["utilities.ts"], []byte(here)) {
		return fmt.Errorf("utilities.ts: codegen no longer writes %s: adapt the generator", here)
	}
	files["utilities.ts"] = bytes.ReplaceAll(files["utilities.ts"], []byte(here), []byte(above))

	// codegen of that time counted on filepath.Rel("types", "") being "../."; Go 1.26 says "..", and a level is lost.
	for name, content := range files {
		if filepath.Dir(name) != "." {
			for _, target := range []string{"utilities", "types/input", "types/output"} {
				content = bytes.ReplaceAll(content, []byte(`"./`+target+`"`), []byte(`"../`+target+`"`))
			}
			files[name] = content
		}
	}

	var manifest map[string]any
	if err := json.Unmarshal(files["package.json"], &manifest); err != nil {
		return err
	}
	delete(manifest, "scripts")         // nothing to do at install time: `tsc -b` of the root compiles it
	delete(manifest, "devDependencies") // the root's compiler is used
	delete(manifest, "dependencies")
	manifest["private"] = true
	manifest["main"] = "bin/index.js"
	manifest["types"] = "bin/index.d.ts"
	// The program's own SDK: two copies of it in one process do not know each other's outputs.
	manifest["peerDependencies"] = map[string]any{"@pulumi/pulumi": "*"}
	encoded, err := json.MarshalIndent(manifest, "", "  ")
	if err != nil {
		return err
	}
	files["package.json"] = append(encoded, '\n')

	var compiler struct {
		CompilerOptions map[string]any `json:"compilerOptions"`
		Files           []string       `json:"files"`
	}
	if err := json.Unmarshal(files["tsconfig.json"], &compiler); err != nil {
		return err
	}
	compiler.CompilerOptions["composite"] = true // a project reference of the root
	// The target stays codegen's: from ES2022 on, field declarations would overwrite what the base class has set.
	compiler.CompilerOptions["skipLibCheck"] = true
	compiler.CompilerOptions["types"] = []string{"node"}
	if encoded, err = json.MarshalIndent(compiler, "", "  "); err != nil {
		return err
	}
	files["tsconfig.json"] = append(encoded, '\n')
	delete(files, ".gitignore")
	return nil
}

// removeOld deletes what an earlier run wrote, so that a resource no longer selected does not stay behind.
func removeOld(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == "official.json" {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
