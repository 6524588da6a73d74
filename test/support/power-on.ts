/**
 * Switches a virtual machine on, as vSphere HA or a person does it.
 *
 * As a program it reads {server, username, password, tls, path} from standard input, and runs as the lab's operator.
 */
import { json } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { type Reference, VcenterApi } from "../../components/preflight/vcenter-api";
import type { InventoryRequest } from "./lab-inventory";

export interface PowerOnRequest extends InventoryRequest {
  /** Inventory path of the machine. */
  readonly path: string;
}

async function powerOn({ path, ...vcenter }: PowerOnRequest): Promise<void> {
  const { api, content } = await VcenterApi.connect(vcenter);
  try {
    await api.login(content.sessionManager, vcenter.username, vcenter.password);
    const find = { inventoryPath: path };
    const machine = await api.invoke<Reference | null>(content.searchIndex, "FindByInventoryPath", find);
    if (machine === null) throw new Error(`${path}: there is no such machine`);
    await api.invoke<Reference>(machine, "PowerOnVM_Task", {});
    for (;;) {
      const { powerState } = await api.property<{ readonly powerState: string }>(machine, "runtime");
      if (powerState === "poweredOn") return;
      await sleep(200);
    }
  } finally {
    await api.close(content.sessionManager);
  }
}

async function main(): Promise<void> {
  await powerOn((await json(process.stdin)) as PowerOnRequest);
  console.log("{}");
}

if (require.main === module) void main();
