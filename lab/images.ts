/** Container images and Helm charts, packed from the lab's own programs and laid out as a registry serves them. */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Artifact, Chart, Image, Layer } from "./images/image";
import { layerEntries, layerIdentity } from "./images/layer";
import { withLock } from "./lock";
import { cacheDirectory } from "./paths";
import type { Progress } from "./progress";
import { run } from "./run";
import type { Toolchain } from "./toolchain";

/** A store that no command asked for since this long is removed: no lab that runs today serves it. In milliseconds. */
const keptFor = 24 * 3_600_000;

export interface ImageSettings {
  /** Where layers and stores are kept; the lab's cache by default. */
  readonly directory?: string;
  readonly images: readonly Image[];
  readonly charts: readonly Chart[];
  readonly artifacts: readonly Artifact[];
  readonly toolchain: Toolchain;
  readonly progress: Progress;
}

const digestOf = (value: unknown) => createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);

/** The folder of a packed layer; packs it first if this very layer is not there yet. */
async function ensureLayer(layers: string, layer: Layer, settings: ImageSettings, tool: string): Promise<string> {
  const { toolchain, progress } = settings;
  const folder = join(layers, digestOf([tool, await layerIdentity(layer, toolchain)]));
  if (existsSync(folder)) return folder;
  const entries = await layerEntries(layer, toolchain, progress);
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  const spec = join(making, "entries.json");
  await writeFile(spec, JSON.stringify({ entries }));
  await run([toolchain.paths.images, "layer", spec, making]);
  await rename(making, folder);
  return folder;
}

async function contentOf({ files }: Artifact): Promise<Record<string, string>> {
  const entries = Object.entries(files).map(async ([title, file]) => [title, await readFile(file, "utf8")] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** An image's configuration (OCI image-spec, config.md), as the images program reads it. */
function configuration(image: Image): object {
  const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...image.environment };
  return {
    Env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    ...(image.entrypoint ? { Entrypoint: image.entrypoint } : {}),
    ...(image.command ? { Cmd: image.command } : {}),
    ...(image.user ? { User: image.user } : {}),
    WorkingDir: image.workingDirectory ?? "/",
  };
}

/**
 * A folder that the registry serves, with all images and charts; made once for what they hold. Layers are shared between
 * images and between stores, so that one changed program costs one layer.
 */
export async function ensureImages(settings: ImageSettings): Promise<string> {
  const { images, charts, artifacts, toolchain, progress, directory = join(cacheDirectory, "images") } = settings;
  const layerCache = join(directory, "layers");
  await mkdir(layerCache, { recursive: true });
  const waits = () => progress.say("images: another process packs them, waiting");
  return withLock(join(directory, "lock"), () => pack(), waits);

  async function pack(): Promise<string> {
    // The program's folder names its build: another packer makes other layers.
    const tool = basename(dirname(toolchain.paths.images));
    const identities = await Promise.all(
      images.map(async (image) => [
        image,
        await Promise.all(image.layers.map((layer) => layerIdentity(layer, toolchain))),
      ]),
    );
    const files = artifacts.map(async (artifact) => [artifact.name, await contentOf(artifact)]);
    const store = join(directory, "stores", digestOf([tool, identities, charts, await Promise.all(files)]));
    if (!existsSync(store)) {
      const title = `images (${images.length}), charts (${charts.length}), artifacts (${artifacts.length})`;
      await progress.step(title, () => fill(store, tool));
    }
    const now = new Date();
    await utimes(store, now, now);
    return store;
  }

  async function fill(store: string, tool: string): Promise<void> {
    const making = `${store}.making`;
    await rm(making, { recursive: true, force: true });
    await mkdir(making, { recursive: true });
    const packed = [];
    for (const image of images) {
      const layers: string[] = [];
      for (const layer of image.layers) layers.push(await ensureLayer(layerCache, layer, settings, tool));
      packed.push({ name: image.name, config: configuration(image), layers });
    }
    const spec = join(making, "store.json");
    await writeFile(spec, JSON.stringify({ images: packed, charts, artifacts }, null, 2));
    await run([toolchain.paths.images, "store", spec, making]);
    await rename(making, store);
    await removeSuperseded(directory);
  }
}

/** Keeps the stores that may be served and the layers that they hold; what is unfinished was left by a packer that was killed. */
async function removeSuperseded(directory: string): Promise<void> {
  const stores = join(directory, "stores");
  const kept = new Set<string>();
  const layers = new Set<string>();
  for (const name of (await readdir(stores)).filter((each) => !each.endsWith(".making"))) {
    if ((await stat(join(stores, name))).mtimeMs < Date.now() - keptFor) continue;
    kept.add(name);
    const text = await readFile(join(stores, name, "store.json"), "utf8");
    const { images } = JSON.parse(text) as { images: { layers: string[] }[] };
    for (const layer of images.flatMap((image) => image.layers)) layers.add(basename(layer));
  }
  const keepOnly = async (folder: string, names: ReadonlySet<string>) => {
    for (const name of await readdir(folder)) if (!names.has(name)) await rm(join(folder, name), { recursive: true });
  };
  await keepOnly(stores, kept);
  await keepOnly(join(directory, "layers"), layers);
}
