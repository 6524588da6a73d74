/** What the lab's vCenter, its datastore and this machine hold of the region. */
import { join } from "node:path";
import { namespacesOf } from "../../lab/network";
import { vcenterState } from "../../lab/vcenter";
import { identity, lab, officeScript } from "./lab";
import { datastoreFiles, type InventoryRequest } from "./lab-inventory";

/** Inventory, tags, files and network namespaces, one line each: equal before `up` and after `destroy`. */
export async function vcenterSnapshot(): Promise<string[]> {
  const { site, vcenter } = lab();
  const { server, username, tls } = site.vcenter;
  const request: InventoryRequest = { server, username, tls, password: vcenter.vcenterPassword };
  return [
    ...(await officeScript<string[]>("lab-inventory", request)),
    ...(await datastoreFiles(join(vcenterState(identity), "datastore"))),
    ...(await namespacesOf(identity)).map((name) => `namespace ${name}`).sort(),
  ];
}
