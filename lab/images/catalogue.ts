/** All that the lab's registry holds. */
import type { Progress } from "../progress";
import { ensureImages } from "../images";
import type { Toolchain } from "../toolchain";
import { ciliumChart, ciliumImages } from "./cilium";
import { clusterServiceImages } from "./cluster-services";
import { kubernetesImages } from "./kubernetes";
import type { Image } from "./image";

export function allImages(): Image[] {
  return [...kubernetesImages(), ...clusterServiceImages(), ...ciliumImages()];
}

/** The folder that the lab's registry serves. */
export async function ensureRegistryContent(toolchain: Toolchain, progress: Progress): Promise<string> {
  const charts = [await ciliumChart()];
  return ensureImages({ images: allImages(), charts, artifacts: [], toolchain, progress });
}
