/** Machines of the site in vCenter that state does not know: found, and removed once a person agreed. */
import { setTimeout } from "node:timers/promises";
import { VcenterApi, type Reference, type ServiceContent } from "../components/preflight/vcenter-api";
import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";
import { machineNote } from "../plan/names";

interface Device {
  readonly _typeName: string;
  readonly key: number;
  readonly backing?: { readonly fileName?: string };
}

interface MachineConfig {
  readonly uuid: string;
  readonly annotation?: string;
  readonly files: { readonly vmPathName: string };
  readonly hardware: { readonly device: readonly Device[] };
}

interface TaskInfo {
  readonly state: "queued" | "running" | "success" | "error";
  readonly descriptionId?: string;
  readonly error?: { readonly localizedMessage?: string };
}

/** A machine in the site's own folder that is in no state. */
export interface UnknownMachine {
  readonly name: string;
  readonly reference: Reference;
  /** vCenter's BIOS UUID: the id that state would know it by. */
  readonly uuid: string;
  /**
   * `begun`: a run began to make it, so nobody relies on it yet. `marked`: planned, with the note of our machines, and of unknown
   * age. `stranger`: nothing says that it is ours.
   */
  readonly kind: "begun" | "marked" | "stranger";
  /** Disks that are attached to it and not its own: they stay. */
  readonly foreignDisks: readonly string[];
}

/** Tasks that make something; what else runs there is nobody's half-made object. */
const making = /^(VirtualMachine\.(clone|create|reconfigure|destroy|powerOn|powerOff)|Folder\.|VirtualDiskManager\.)/;

/** The conversation with vCenter that recovery has. */
export class MachineKeeper {
  private constructor(
    private readonly api: VcenterApi,
    private readonly content: ServiceContent,
  ) {}

  static async connect(site: Site, password: string): Promise<MachineKeeper> {
    const { api, content } = await VcenterApi.connect(site.vcenter);
    try {
      await api.login(content.sessionManager, site.vcenter.username, password);
    } catch (error) {
      await api.close(content.sessionManager);
      throw error;
    }
    return new MachineKeeper(api, content);
  }

  close(): Promise<void> {
    return this.api.close(this.content.sessionManager);
  }

  /** Waits for what vCenter was told to make and is still making: it goes on when who asked for it is dead. */
  async settled(): Promise<void> {
    const recent = await this.api.property<readonly Reference[] | undefined>(this.content.taskManager, "recentTask");
    await Promise.all(
      (recent ?? []).map(async (task) => {
        const info = await this.info(task);
        if (making.test(info?.descriptionId ?? "")) await this.ended(task);
      }),
    );
  }

  /** Machines that lie directly in the site's folder, without those whose UUID state knows. Nodes lie in folders of their own. */
  async unknown(site: Site, plan: RegionPlan, known: ReadonlySet<string>, begun: ReadonlySet<string>) {
    const inventoryPath = `/${site.vcenter.datacenter}/vm/${plan.folder}`;
    const folder = await this.api.invoke<Reference | null | undefined>(
      this.content.searchIndex,
      "FindByInventoryPath",
      { inventoryPath },
    );
    if (!folder) return [];
    const children = (await this.api.property<readonly Reference[] | undefined>(folder, "childEntity")) ?? [];
    const machines = await Promise.all(
      children.filter(({ type }) => type === "VirtualMachine").map((machine) => this.look(machine, plan, begun)),
    );
    // A stranger under a name of its own is in nobody's way.
    const inTheWay = ({ kind, name }: UnknownMachine) =>
      kind !== "stranger" || plan.hosts.some(({ vmName }) => vmName === name);
    return machines.filter((machine) => !known.has(machine.uuid) && inTheWay(machine));
  }

  /** Switches it off and deletes it; disks that are not its own are detached first. */
  async remove({ reference }: UnknownMachine): Promise<void> {
    const { powerState } = await this.api.property<{ readonly powerState: string }>(reference, "runtime");
    if (powerState !== "poweredOff") await this.task(reference, "PowerOffVM_Task", {});
    const config = await this.api.property<MachineConfig>(reference, "config");
    const foreign = foreignDisks(config);
    if (foreign.length > 0) {
      // Without a file operation the disk is taken out and its file stays.
      const deviceChange = foreign.map((device) => ({
        _typeName: "VirtualDeviceConfigSpec",
        operation: "remove",
        device,
      }));
      await this.task(reference, "ReconfigVM_Task", { spec: { _typeName: "VirtualMachineConfigSpec", deviceChange } });
    }
    await this.task(reference, "Destroy_Task", {});
  }

  private async look(reference: Reference, plan: RegionPlan, begun: ReadonlySet<string>): Promise<UnknownMachine> {
    const [name, config] = await Promise.all([
      this.api.property<string>(reference, "name"),
      this.api.property<MachineConfig>(reference, "config"),
    ]);
    const marked = plan.hosts.some(
      ({ vmName, fqdn, role }) => vmName === name && config.annotation === machineNote(fqdn, role),
    );
    return {
      name,
      reference,
      uuid: config.uuid,
      kind: begun.has(name) ? "begun" : marked ? "marked" : "stranger",
      foreignDisks: foreignDisks(config).map(({ backing }) => backing!.fileName!),
    };
  }

  private async task(object: Reference, method: string, body: Readonly<Record<string, unknown>>): Promise<void> {
    const task = await this.api.invoke<Reference>(object, method, body);
    const info = await this.ended(task);
    if (info?.state === "error") throw new Error(`vCenter: ${method}: ${info.error?.localizedMessage ?? "failed"}`);
  }

  private async ended(task: Reference): Promise<TaskInfo | undefined> {
    for (;;) {
      const info = await this.info(task);
      if (info === undefined || info.state === "success" || info.state === "error") return info;
      await setTimeout(1000);
    }
  }

  /** vCenter forgets a task some time after its end. */
  private info(task: Reference): Promise<TaskInfo | undefined> {
    return this.api.property<TaskInfo>(task, "info").catch(() => undefined);
  }
}

/** Virtual disks whose file is not in the machine's own directory. */
function foreignDisks({ files, hardware }: MachineConfig): readonly Device[] {
  const directory = files.vmPathName.slice(0, files.vmPathName.lastIndexOf("/") + 1);
  return hardware.device.filter(
    ({ _typeName, backing }) =>
      _typeName === "VirtualDisk" && backing?.fileName !== undefined && !backing.fileName.startsWith(directory),
  );
}
