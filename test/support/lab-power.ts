/** Virtual machines that die, and come back. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { namespaceName } from "../../lab/paths";
import { run } from "../../lab/run";
import { vcenterState } from "../../lab/vcenter";
import { host, identity, lab, officeScript } from "./lab";
import type { PowerOnRequest } from "./power-on";

interface GuestRecord {
  readonly namespace: string;
  readonly init: { readonly pid: number };
}

/**
 * Ends a fixed host's machine without a word to anybody, as a failing ESXi host does: the wire first, or the kernel would
 * close the connections of dying processes in due form.
 */
export async function kill(name: string): Promise<void> {
  const folder = join(vcenterState(identity), "vms", namespaceName(identity, host(name).vmName));
  const { namespace, init } = JSON.parse(readFileSync(join(folder, "record.json"), "utf8")) as GuestRecord;
  await run(["ip", "-netns", namespace, "link", "set", "ens192", "down"]);
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
