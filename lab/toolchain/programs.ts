import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../paths";

/** A program that the lab builds from a Go module of ours, `lab/toolchain/<name>`. */
export interface Program {
  readonly name: string;
  /** The folder with its go.mod. */
  readonly directory: string;
  /** What `go build` builds: an upstream package that the go.mod names as a tool, or "." for a main of ours. */
  readonly package: string;
  readonly version: string;
  /** Linker flag `-X` that stamps the version, without the value; none where the program tells no version. */
  readonly stamp?: string;
  /** Needs a C compiler (gcc, libc6-dev); the result is linked statically all the same. */
  readonly cgo?: boolean;
  readonly tags?: readonly string[];
  /** Cold build on two cores, in seconds: for the progress line, and the longest is started first. */
  readonly usualSeconds: number;
}

export type ProgramName =
  "pulumi" | "pulumi-language-nodejs" | "pulumi-resource-vsphere" | "pulumi-resource-command" | "hypervisor" | "dex";

const directoryOf = (name: string) => join(repository, "lab", "toolchain", name);

/** The version of a required module, as go.mod pins it: the only place that says it. Throws if it is not required. */
export function pinnedVersion(goMod: string, module: string): string {
  for (const line of readFileSync(goMod, "utf8").split("\n")) {
    const [name, version] = line
      .replace(/^require/, "")
      .trim()
      .split(/\s+/);
    if (name === module && version?.startsWith("v")) return version.slice(1);
  }
  throw new Error(`${goMod}: requires no module ${module}`);
}

function packageVersion(path: string): string {
  return (JSON.parse(readFileSync(join(repository, path, "package.json"), "utf8")) as { version: string }).version;
}

const pulumiSdk = "github.com/pulumi/pulumi/sdk/v3";
const pulumiStamp = `${pulumiSdk}/go/common/version.Version`;

/**
 * All programs, by name. The versions of plugins carry the official version that their SDK requests, so that the engine
 * accepts them, and after "+" what they really are (semantic versioning gives that part no rank).
 */
export function programs(): Readonly<Record<ProgramName, Program>> {
  const goMod = (name: string, ...below: string[]) => join(directoryOf(name), ...below, "go.mod");
  const terraformProvider = pinnedVersion(
    goMod("pulumi-resource-vsphere", "bridge"),
    "github.com/hashicorp/terraform-provider-vsphere",
  );
  const govmomi = pinnedVersion(goMod("hypervisor"), "github.com/vmware/govmomi");
  const list: readonly (Omit<Program, "directory"> & { name: ProgramName })[] = [
    {
      name: "pulumi",
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      version: pinnedVersion(goMod("pulumi"), "github.com/pulumi/pulumi/pkg/v3"),
      stamp: pulumiStamp,
      usualSeconds: 260,
    },
    {
      name: "pulumi-resource-vsphere",
      package: ".",
      version: `${packageVersion("sdks/vsphere")}+terraform-provider-vsphere.${terraformProvider}`,
      stamp: "main.version",
      usualSeconds: 350,
    },
    {
      name: "pulumi-resource-command",
      package: ".",
      version: `${packageVersion("node_modules/@pulumi/command")}+stand-in`,
      stamp: "main.version",
      usualSeconds: 150,
    },
    {
      name: "dex",
      package: "github.com/dexidp/dex/cmd/dex",
      // The pinned commit is the tag v2.41.1; the module proxy knows it by its date only, as its major version is not in its path.
      version: "2.41.1",
      stamp: "main.version",
      cgo: true, // its sqlite3 storage, which keeps the signing keys over a restart
      tags: ["netgo", "osusergo", "sqlite_omit_load_extension"],
      usualSeconds: 80,
    },
    { name: "hypervisor", package: ".", version: `govmomi ${govmomi}`, usualSeconds: 40 },
    {
      name: "pulumi-language-nodejs",
      package: `${pulumiSdk}/nodejs/cmd/pulumi-language-nodejs`,
      version: pinnedVersion(goMod("pulumi-language-nodejs"), pulumiSdk),
      stamp: pulumiStamp,
      usualSeconds: 30,
    },
  ];
  const entries = list.map((program) => [program.name, { ...program, directory: directoryOf(program.name) }] as const);
  return Object.fromEntries(entries) as Record<ProgramName, Program>;
}
