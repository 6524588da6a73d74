/**
 * Cluster API's providers and the charts that install them, made from their modules as upstream's releases make them: what an
 * air-gapped site mirrors. The layout is that of `mirrors.components: folder`.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parseDocument } from "yaml";
import { versions } from "../../config/versions";
import { chartVersion } from "../../render/charts";
import { providerPlans, type ProviderPlan } from "../../render/cluster-api/providers";
import { withLock } from "../lock";
import { cacheDirectory } from "../paths";
import type { Progress } from "../progress";
import { run } from "../run";
import type { Toolchain } from "../toolchain";
import { pinnedVersion } from "../toolchain/program";
import { controllerImages } from "./cluster-api";
import type { Artifact, Chart, ModuleFiles } from "./image";
import { upstreamFolder } from "./layer";

/** Counts up when the code below makes something else of the same modules. */
const makerVersion = 1;

interface ProviderSource extends ModuleFiles {
  /** Folder of the module's kustomizations, and the one among them that is the release's. */
  readonly config: string;
  readonly overlay: string;
  readonly image: keyof typeof controllerImages;
}

const clusterApi = { toolchain: "cluster-api", goModule: "sigs.k8s.io/cluster-api" } as const;
const vsphere = { toolchain: "cluster-api", goModule: "sigs.k8s.io/cluster-api-provider-vsphere" } as const;
const operator = { toolchain: "cluster-api", goModule: "sigs.k8s.io/cluster-api-operator" } as const;
const ipam = {
  toolchain: "ipam-in-cluster",
  goModule: "sigs.k8s.io/cluster-api-ipam-provider-in-cluster",
} as const;
const certManager = { toolchain: "cert-manager", goModule: "github.com/cert-manager/cert-manager" } as const;

/** By the provider's label. */
const sources: Readonly<Record<string, ProviderSource>> = {
  "cluster-api": { ...clusterApi, config: "config", overlay: "default", image: "core" },
  "bootstrap-kubeadm": {
    ...clusterApi,
    config: "bootstrap/kubeadm/config",
    overlay: "default",
    image: "bootstrap",
  },
  "control-plane-kubeadm": {
    ...clusterApi,
    config: "controlplane/kubeadm/config",
    overlay: "default",
    image: "controlPlane",
  },
  "infrastructure-vsphere": { ...vsphere, config: "config", overlay: "default", image: "vsphere" },
  "ipam-in-cluster": { ...ipam, config: "config", overlay: "default", image: "ipam" },
};

export interface Releases {
  /** A folder as `mirrors.components: folder` wants it. */
  readonly folder: string;
  readonly charts: readonly Chart[];
  readonly artifacts: readonly Artifact[];
}

/** Makes the releases of the pinned versions, once for them. */
export async function ensureReleases({ paths }: Toolchain, progress: Progress): Promise<Releases> {
  const modules = [clusterApi, vsphere, operator, ipam, certManager];
  const pins = modules.map(({ toolchain, goModule }) => [goModule, pinnedVersion(toolchain, goModule)]);
  const key = JSON.stringify([makerVersion, versions, pins, basename(dirname(paths.kubectl))]);
  const folder = join(cacheDirectory, "releases", createHash("sha256").update(key).digest("hex").slice(0, 16));
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const making = `${folder}.making`;
    await rm(making, { recursive: true, force: true });
    await progress.step("releases of Cluster API and cert-manager", async () => {
      for (const plan of providerPlans({ versions })) await makeProvider(plan, making, paths.kubectl);
      await makeOperatorChart(making, paths.kubectl);
      await makeCertManagerChart(making);
      await rename(making, folder);
    });
  });
  return { folder, charts: charts(folder), artifacts: artifacts(folder) };
}

function charts(folder: string): Chart[] {
  return (["cert-manager", "cluster-api-operator"] as const).map((name) => ({
    name: `charts/${name}:${chartVersion(versions, name)}`,
    folder: join(folder, "charts", name),
  }));
}

function artifacts(folder: string): Artifact[] {
  return providerPlans({ versions }).map(({ label, version, componentsFile }) => {
    const files = join(folder, "components", label, version);
    return {
      name: `components/${label}:${version}`,
      // The names that the operator looks for in an artifact (internal/controller/oci_source.go).
      files: { "metadata.yaml": join(files, "metadata.yaml"), "components.yaml": join(files, componentsFile) },
    };
  });
}

/** A copy of a module's folder that may be changed: the module cache is read-only. */
async function copyOf(source: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await run(["cp", "-r", "--no-preserve=mode", source, target]);
}

async function rewrite(file: string, change: (text: string) => string): Promise<void> {
  const text = await readFile(file, "utf8");
  const changed = change(text);
  if (changed === text) throw new Error(`${file}: nothing to change, so the release's way of making it changed`);
  await writeFile(file, changed);
}

/** As `make manifest-modification release-manifests` of each project: the release's image, pulled if it is not there. */
async function makeProvider(plan: ProviderPlan, releases: string, kubectl: string): Promise<void> {
  const source = sources[plan.label];
  const module = await upstreamFolder(source);
  const config = join(releases, ".config", plan.label);
  await copyOf(join(module, source.config), config);
  const image = `${controllerImages[source.image]}:${plan.version}`;
  const patches = (await readdir(config, { recursive: true })).map((name) => join(config, name));
  const named = (name: string) => patches.filter((path) => basename(path) === name);
  for (const file of named("manager_image_patch.yaml")) {
    await rewrite(file, (text) => text.replace(/image: .*/g, `image: ${image}`));
  }
  for (const file of named("manager_pull_policy.yaml")) {
    await writeFile(
      file,
      (await readFile(file, "utf8")).replace(/imagePullPolicy: .*/g, "imagePullPolicy: IfNotPresent"),
    );
  }
  const { stdout } = await run([kubectl, "kustomize", join(config, source.overlay)]);
  if (!stdout.includes(image)) throw new Error(`${plan.label}: its manifest does not name ${image}`);
  const target = join(releases, "components", plan.label, plan.version);
  await mkdir(target, { recursive: true });
  await writeFile(join(target, plan.componentsFile), stdout);
  await cp(join(module, "metadata.yaml"), join(target, "metadata.yaml"));
  await rm(config, { recursive: true });
}

/** As the operator's `make release-chart`. */
async function makeOperatorChart(releases: string, kubectl: string): Promise<void> {
  const module = await upstreamFolder(operator);
  const chart = join(releases, "charts/cluster-api-operator");
  await copyOf(join(module, "hack/charts/cluster-api-operator"), chart);
  const { stdout } = await run([kubectl, "kustomize", join(module, "config/chart")]);
  await writeFile(join(chart, "templates/operator-components.yaml"), stdout);
  await edit(join(chart, "values.yaml"), {
    "image.manager.repository": controllerImages.operator,
    "image.manager.tag": versions.clusterApiOperator,
    "image.manager.pullPolicy": "IfNotPresent",
  });
  const version = chartVersion(versions, "cluster-api-operator");
  await edit(join(chart, "Chart.yaml"), { version, appVersion: version });
}

/** As cert-manager's make/manifests.mk. */
async function makeCertManagerChart(releases: string): Promise<void> {
  const module = await upstreamFolder(certManager);
  const chart = join(releases, "charts/cert-manager");
  const source = join(module, "deploy/charts/cert-manager");
  await copyOf(source, chart);
  await rename(join(chart, "Chart.template.yaml"), join(chart, "Chart.yaml"));
  await rm(join(chart, "README.template.md"));
  await rm(join(chart, "signkey_annotation.txt"));
  const version = chartVersion(versions, "cert-manager");
  await edit(join(chart, "Chart.yaml"), { version, appVersion: version });
  const crds = join(module, "deploy/crds");
  const files = (await readdir(crds)).filter((name) => name.endsWith(".yaml")).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(crds, name), "utf8")));
  await writeFile(
    join(chart, "templates/crds.yaml"),
    `{{- if .Values.installCRDs }}\n${texts.join("\n---\n")}\n{{- end }}\n`,
  );
}

/** Sets values of a YAML file by their dotted paths and leaves the rest as it is, comments too. */
async function edit(file: string, changes: Readonly<Record<string, string>>): Promise<void> {
  const document = parseDocument(await readFile(file, "utf8"));
  for (const [path, value] of Object.entries(changes)) {
    if (!document.hasIn(path.split("."))) throw new Error(`${file}: has no ${path}`);
    document.setIn(path.split("."), value);
  }
  await writeFile(file, String(document));
}
