/** All that the lab's registry holds. */
import { ensureImages } from "../images";
import type { Progress } from "../progress";
import type { Toolchain } from "../toolchain";
import { agnhostImages } from "./agnhost";
import { ciliumChart, ciliumImages } from "./cilium";
import { clusterApiImages } from "./cluster-api";
import { clusterServiceImages } from "./cluster-services";
import type { Image } from "./image";
import { kubernetesImages } from "./kubernetes";
import { ensureReleases } from "./releases";

export function allImages(): Image[] {
  return [
    ...kubernetesImages(),
    ...clusterServiceImages(),
    ...ciliumImages(),
    ...clusterApiImages(),
    ...agnhostImages(),
  ];
}

/** The folder that the lab's registry serves. */
export async function ensureRegistryContent(toolchain: Toolchain, progress: Progress): Promise<string> {
  const { charts, artifacts } = await ensureReleases(toolchain, progress);
  return ensureImages({
    images: allImages(),
    charts: [await ciliumChart(), ...charts],
    artifacts,
    toolchain,
    progress,
  });
}
