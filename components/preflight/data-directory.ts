/** Whether the directory for data disks exists: the stack makes none, as the provider could not remove it again. */
import type { Finding } from "./finding";
import { VcenterFault, type Reference, type VcenterApi } from "./vcenter-api";

/** The part of `TaskInfo` that is asked. */
interface TaskInfo {
  readonly state: "queued" | "running" | "success" | "error";
  readonly error?: { readonly fault: { readonly _typeName: string } };
}

const patience = { pauseMilliseconds: 200, tries: 150 };

/** Errors: the fault of a search that fails for another reason than a missing directory. */
export async function dataDirectoryFaults(
  api: VcenterApi,
  datastore: Reference,
  datastoreName: string,
  directory: string,
): Promise<readonly Finding[]> {
  const browser = await api.property<Reference>(datastore, "browser");
  let task: Reference;
  try {
    task = await api.invoke<Reference>(browser, "SearchDatastore_Task", {
      datastorePath: `[${datastoreName}] ${directory}`,
      // Whether it is there is all that is asked, so nothing in it needs to be listed.
      searchSpec: { _typeName: "HostDatastoreBrowserSearchSpec", matchPattern: ["none"] },
    });
  } catch (reason) {
    // An account that may not browse has that right reported as missing already.
    if (reason instanceof VcenterFault && reason.fault === "NoPermission") return [];
    throw reason;
  }
  const { state, error } = await finished(api, task);
  if (state === "success") return [];
  const fault = error?.fault._typeName ?? "an unknown fault";
  if (fault !== "FileNotFound")
    throw new VcenterFault(fault, 200, `search of [${datastoreName}] ${directory}: ${fault}`);
  return [
    {
      path: "vcenter.dataDirectory",
      value: directory,
      rule: "data-directory",
      problem: `does not exist on the datastore ${datastoreName}`,
      remedy: "make it, or name another one: the stack makes no directory, as it could not remove it again",
    },
  ];
}

async function finished(api: VcenterApi, task: Reference): Promise<TaskInfo> {
  for (let tries = 0; tries < patience.tries; tries += 1) {
    const info = await api.property<TaskInfo>(task, "info");
    if (info.state === "success" || info.state === "error") return info;
    await new Promise((resolve) => setTimeout(resolve, patience.pauseMilliseconds));
  }
  throw new Error("the search of the datastore did not finish within 30 s");
}
