import { imagePrograms } from "./programs/images";
import { kubernetesPrograms } from "./programs/kubernetes";
import { ciliumPrograms } from "./programs/cilium";
import { clusterApiPrograms } from "./programs/cluster-api";
import { clusterServicePrograms } from "./programs/cluster-services";
import { regionPrograms } from "./programs/region";

/** All programs, by name: one file of `programs/` for each family. */
export function programs() {
  return {
    ...regionPrograms(),
    ...kubernetesPrograms(),
    ...imagePrograms(),
    ...ciliumPrograms(),
    ...clusterApiPrograms(),
    ...clusterServicePrograms(),
  };
}

export type ProgramName = keyof ReturnType<typeof programs>;
