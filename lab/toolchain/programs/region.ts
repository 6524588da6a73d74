/** What a region without Kubernetes needs: Pulumi with its plugins, dex, and the hypervisor, which is ours. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../paths";
import { pinnedVersion, programsOf } from "../program";

function packageVersion(path: string): string {
  return (JSON.parse(readFileSync(join(repository, path, "package.json"), "utf8")) as { version: string }).version;
}

const pulumiSdk = "github.com/pulumi/pulumi/sdk/v3";
const pulumiStamp = (version: string) => ({ [`${pulumiSdk}/go/common/version.Version`]: version });

/**
 * The versions of plugins carry the official version that their SDK requests, so that the engine accepts them, and after
 * "+" what they really are (semantic versioning gives that part no rank).
 */
function pulumi() {
  const engine = pinnedVersion("pulumi", "github.com/pulumi/pulumi/pkg/v3");
  const language = pinnedVersion("pulumi-language-nodejs", pulumiSdk);
  const terraform = pinnedVersion("pulumi-resource-vsphere/bridge", "github.com/hashicorp/terraform-provider-vsphere");
  const vsphere = `${packageVersion("sdks/vsphere")}+terraform-provider-vsphere.${terraform}`;
  const command = `${packageVersion("node_modules/@pulumi/command")}+stand-in`;
  const kubernetesModule = "github.com/pulumi/pulumi-kubernetes/provider/v4";
  const kubernetesCommit = pinnedVersion("pulumi-resource-kubernetes", kubernetesModule).split("-")[2];
  const kubernetes = `${packageVersion("node_modules/@pulumi/kubernetes")}+commit.${kubernetesCommit}.no-components`;
  return {
    ...programsOf("pulumi", {
      pulumi: {
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        version: engine,
        stamps: pulumiStamp(engine),
        usualSeconds: 260,
      },
    }),
    ...programsOf("pulumi-resource-vsphere", {
      "pulumi-resource-vsphere": {
        package: ".",
        version: vsphere,
        stamps: { "main.version": vsphere },
        usualSeconds: 350,
      },
    }),
    ...programsOf("pulumi-resource-kubernetes", {
      "pulumi-resource-kubernetes": {
        package: ".",
        version: kubernetes,
        stamps: { [`${kubernetesModule}/pkg/version.Version`]: kubernetes },
        patch: { module: kubernetesModule, file: "no-components.patch" },
        usualSeconds: 200,
      },
    }),
    ...programsOf("pulumi-resource-command", {
      "pulumi-resource-command": {
        package: ".",
        version: command,
        stamps: { "main.version": command },
        usualSeconds: 150,
      },
    }),
    ...programsOf("pulumi-language-nodejs", {
      "pulumi-language-nodejs": {
        package: `${pulumiSdk}/nodejs/cmd/pulumi-language-nodejs`,
        version: language,
        stamps: pulumiStamp(language),
        usualSeconds: 30,
      },
    }),
  };
}

export function regionPrograms() {
  // The pinned commit is the tag v2.41.1; the module proxy knows it by its date only, as its major version is not in its path.
  const dex = "2.41.1";
  return {
    ...pulumi(),
    ...programsOf("dex", {
      dex: {
        package: "github.com/dexidp/dex/cmd/dex",
        version: dex,
        stamps: { "main.version": dex },
        cgo: true, // its sqlite3 storage, which keeps the signing keys over a restart
        tags: ["netgo", "osusergo", "sqlite_omit_load_extension"],
        usualSeconds: 80,
      },
    }),
    ...programsOf("hypervisor", {
      hypervisor: {
        package: ".",
        version: `govmomi ${pinnedVersion("hypervisor", "github.com/vmware/govmomi")}`,
        usualSeconds: 40,
      },
    }),
  };
}
