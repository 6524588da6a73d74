/** Whether the datastore takes what is still to be made. */
import type { Finding } from "./finding";
import type { HostPlan } from "../../plan/model";

/** The part of `DatastoreSummary` that is asked; bytes. */
export interface DatastoreSummary {
  readonly freeSpace: number;
  readonly accessible: boolean;
  readonly maintenanceMode?: string;
  readonly type: string;
}

const gib = 1024 ** 3;
const mib = 1024 ** 2;

/** Bytes that the hosts will take at most: thin disks grow to their size, and ESXi keeps a swap file as large as the memory. */
export function bytesFor(hosts: readonly HostPlan[]): number {
  return hosts.reduce(
    (sum, { size, dataDiskGiB = 0 }) => sum + (size.diskGiB + dataDiskGiB) * gib + size.memoryMiB * mib,
    0,
  );
}

/**
 * @param dataDirectory where data disks are to lie; absent: the datastore's root
 * @param missing hosts whose machines do not exist yet
 */
export function datastoreFaults(
  name: string,
  summary: DatastoreSummary,
  dataDirectory: string | undefined,
  missing: readonly HostPlan[],
): readonly Finding[] {
  const faults: Finding[] = [];
  const path = "vcenter.datastore";
  if (!summary.accessible || (summary.maintenanceMode ?? "normal") !== "normal") {
    faults.push({
      path,
      value: name,
      rule: "datastore-in-service",
      problem: summary.accessible ? `is in maintenance mode ${summary.maintenanceMode}` : "is not accessible",
      remedy: "bring it back, or name another one",
    });
  }
  if (summary.type.toLowerCase() === "vsan" && dataDirectory === undefined) {
    faults.push({
      path,
      value: name,
      rule: "datastore-root",
      problem: "is vSAN, which takes no file at its root: capi's data disk lies there",
      remedy: "make a directory on it and name it in vcenter.dataDirectory",
    });
  }
  const needed = bytesFor(missing);
  if (needed > summary.freeSpace) {
    faults.push({
      path,
      value: name,
      rule: "datastore-room",
      problem: `has ${inGib(summary.freeSpace)} GiB free; ${missing.map((host) => host.vmName).join(", ")} take ${inGib(needed)} GiB once their disks are full`,
      remedy: "free space, name another datastore, or plan smaller disks",
    });
  }
  return faults;
}

function inGib(bytes: number): string {
  return (bytes / gib).toFixed(1);
}
