/** Virtual machines that die, and come back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { namespaceName } from "../../lab/paths";
import { vcenterState } from "../../lab/vcenter";
import { host, identity, lab, officeScript } from "./lab";
import type { PowerOnRequest } from "./power-on";

/** Ends a fixed host's machine without a word to anybody, as a failing ESXi host does. */
export function kill(name: string): void {
  const folder = join(vcenterState(identity), "vms", namespaceName(identity, host(name).vmName));
  const { init } = JSON.parse(readFileSync(join(folder, "record.json"), "utf8")) as { init: { readonly pid: number } };
  process.kill(init.pid, "SIGKILL");
}

/** Switches it on in vCenter; resolves once vCenter says that it is. */
export async function powerOn(name: string): Promise<void> {
  const { site, plan, vcenter } = lab();
  const { server, username, tls, datacenter } = site.vcenter;
  const path = `/${datacenter}/vm/${plan.folder}/${host(name).vmName}`;
  const request: PowerOnRequest = { server, username, tls, password: vcenter.vcenterPassword, path };
  await officeScript("power-on", request);
}
