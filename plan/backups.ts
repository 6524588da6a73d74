/** Backups of a region: snapshots of etcd that leave it. */
import type { Site } from "../config/site";
import type { RegionPlan } from "./model";

export function planBackups(siteName: string, { backups }: Site): Pick<RegionPlan, "backups"> {
  if (backups.kind === "none") return {};
  return {
    backups: {
      target: backups,
      folder: backups.kind === "ssh" ? backups.path : (backups.folder ?? siteName),
      everyHours: backups.everyHours,
      oldestHours: backups.everyHours + 1,
    },
  };
}
