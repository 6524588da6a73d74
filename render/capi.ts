import type { Site } from "../config/site";
import type { HostPlan, RegionPlan } from "../plan/model";
import { controlPlaneContent } from "./capi/control-plane";
import { dataDiskContent } from "./capi/data-disk";
import type { HostSecrets, RoleContent } from "./host-content";
import { registryFiles } from "./registries";

/**
 * The VM that Cluster API runs on: its data disk, and a control plane whose state is there. Where Cluster API runs on a
 * Kubernetes that exists, the machine keeps its disk and runs nothing.
 */
export function capiContent(site: Site, plan: RegionPlan, host: HostPlan, secrets: HostSecrets): RoleContent {
  const disk = dataDiskContent();
  const { management } = plan;
  if (management.kind === "external") return disk;
  if (secrets.encryptionKey === undefined)
    throw new Error(`encryptionKeys.${host.name} is missing: run \`npm run secrets\``);
  const controlPlane = controlPlaneContent(plan, management, host, secrets.encryptionKey);
  return {
    files: [...disk.files, ...registryFiles(site), ...controlPlane.files],
    packages: [...disk.packages, ...controlPlane.packages],
    programs: [],
    services: [...disk.services, ...controlPlane.services],
    checks: [...disk.checks, ...controlPlane.checks],
    // containerd reads them at each pull. All else is what kubeadm makes a control plane from, once.
    inPlace: [{ files: registryFiles(site).map(({ path }) => path) }],
  };
}
