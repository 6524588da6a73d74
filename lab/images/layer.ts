import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { repository } from "../paths";
import type { Progress } from "../progress";
import { ensureRoot, rootKey, runInRoot } from "../roots";
import { imagesRoot } from "../roots/images";
import type { Toolchain } from "../toolchain";
import { goEnvironment } from "../toolchain/build";
import { moduleFolder } from "../toolchain/module";
import { moduleDirectory, pinnedVersion } from "../toolchain/program";
import type { Layer, ModuleFiles } from "./image";

/** One thing that a layer holds, as the images program (lab/toolchain/images) reads it. */
interface Entry {
  readonly path: string;
  readonly source?: string;
  readonly content?: string;
  readonly link?: string;
  readonly directory?: boolean;
  readonly mode?: number;
  readonly owner?: number;
  readonly bindsLowPorts?: boolean;
}

const closure = readFileSync(join(repository, "lab/images/closure.py"), "utf8");

/** The folder of the upstream module that files or a chart come from. */
export function upstreamFolder({ toolchain, goModule }: ModuleFiles): Promise<string> {
  return moduleFolder(moduleDirectory(toolchain), goModule, goEnvironment(false));
}

/** All that decides what a layer holds, as plain data; nothing is built or read for it but what the toolchain did already. */
export async function layerIdentity(layer: Layer, { paths }: Toolchain): Promise<unknown> {
  switch (layer.kind) {
    case "programs":
      // A build's folder is named by its hash.
      return [
        layer.lowPorts && "bindsLowPorts",
        ...Object.entries(layer.programs).map(([path, name]) => [path, basename(dirname(paths[name]))]),
      ];
    case "files":
      return layer.files;
    case "module":
      return [layer.files, layer.executable, layer.goModule, pinnedVersion(layer.toolchain, layer.goModule)];
    case "debian":
      return [layer.paths, await rootKey(imagesRoot), createHash("sha256").update(closure).digest("hex")];
  }
}

/** What to pack. Makes the Debian root or fetches the Go module where they are missing. */
export async function layerEntries(layer: Layer, toolchain: Toolchain, progress: Progress): Promise<Entry[]> {
  switch (layer.kind) {
    case "programs":
      return Object.entries(layer.programs).map(([path, name]) => ({
        path,
        source: toolchain.paths[name],
        mode: 0o755,
        ...(layer.lowPorts === true ? { bindsLowPorts: true } : {}),
      }));
    case "files":
      return Object.entries(layer.files).map(([path, file]) => ({ path, ...file }));
    case "module": {
      const folder = await upstreamFolder(layer);
      const mode = layer.executable === true ? { mode: 0o755 } : {};
      return Object.entries(layer.files).map(([path, source]) => ({ path, source: join(folder, source), ...mode }));
    }
    case "debian": {
      const root = await ensureRoot(imagesRoot, progress);
      const found = JSON.parse(await runInRoot(root, ["python3", "-c", closure, ...layer.paths])) as Record<
        string,
        string | null
      >;
      return Object.entries(found).map(([path, link]) => {
        return link === null ? { path, source: join(root, path) } : { path, link };
      });
    }
  }
}
