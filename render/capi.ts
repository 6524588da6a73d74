import type { Site } from "../config/site";
import type { BackupPlan, HostPlan, RegionPlan } from "../plan/model";
import { backupContent } from "./capi/backup";
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
  const parts = [
    disk,
    controlPlaneContent(plan, management, host, secrets.encryptionKey),
    ...(plan.backups === undefined ? [] : [backupsOf(plan.backups, host, secrets)]),
  ];
  return {
    files: [...registryFiles(site), ...parts.flatMap(({ files }) => files)],
    packages: parts.flatMap(({ packages }) => packages),
    programs: [],
    services: parts.flatMap(({ services }) => services),
    checks: parts.flatMap(({ checks }) => checks),
    inPlace: [
      // containerd reads them at each pull. All else of the control plane is what kubeadm makes it from, once.
      { files: registryFiles(site).map(({ path }) => path) },
      ...parts.flatMap(({ inPlace = [] }) => inPlace),
    ],
  };
}

function backupsOf(backups: BackupPlan, host: HostPlan, secrets: HostSecrets): RoleContent {
  if (secrets.backups === undefined)
    throw new Error(`backupKeys for ${host.name} are missing: run \`npm run secrets\``);
  return backupContent(backups, secrets.backups);
}
