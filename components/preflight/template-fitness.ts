/** Whether a template makes a machine that finds its first-boot data and its interface: what vCenter can know of that. */
import type { Finding } from "./finding";

/** The part of `VirtualMachineConfigInfo` that is asked. */
export interface TemplateConfig {
  readonly template?: boolean;
  /** Hardware version, `vmx-19`. */
  readonly version: string;
  readonly annotation?: string;
  readonly tools?: { readonly toolsVersion?: number };
  readonly hardware: { readonly device?: readonly Device[] };
  readonly vAppConfig?: { readonly property?: readonly { readonly id?: string }[] };
}

interface Device {
  readonly _typeName: string;
  readonly capacityInBytes?: number;
  readonly slotInfo?: { readonly pciSlotNumber?: number };
}

/** Cluster API's and CSI's floor for vSphere: https://docs.vmware.com/en/VMware-vSphere-Container-Storage-Plug-in */
const oldestHardware = 15;

/** ESXi's slot for the first VMXNET3 card; the kernel's name for it, ens192, is what cloud-init configures. */
const ens192Slot = 192;

/** First release whose VMware datasource reads guestinfo: https://cloudinit.readthedocs.io/en/latest/reference/datasources/vmware.html */
const oldestCloudInit = [21, 3] as const;

const networkCards = [
  "VirtualVmxnet3",
  "VirtualVmxnet3Vrdma",
  "VirtualVmxnet2",
  "VirtualVmxnet",
  "VirtualE1000",
  "VirtualE1000e",
  "VirtualPCNet32",
  "VirtualSriovEthernetCard",
];

const gib = 1024 ** 3;

/**
 * @param path where the site file names the template
 * @param smallestDiskGiB the smallest system disk that is planned for a machine from it
 */
export function templateFaults(
  path: string,
  name: string,
  config: TemplateConfig,
  smallestDiskGiB: number,
): readonly Finding[] {
  const faults: Finding[] = [];
  const refuse = (rule: string, problem: string, remedy: string) =>
    faults.push({ path, value: name, rule, problem, remedy });
  const devices = config.hardware.device ?? [];

  if (config.template !== true) {
    refuse("template-kind", "is a virtual machine, which somebody can start and change", "convert it to a template");
  }
  const hardware = Number(/^vmx-(\d+)$/.exec(config.version)?.[1] ?? 0);
  if (hardware < oldestHardware) {
    refuse(
      "template-hardware",
      `has hardware version ${config.version}, older than vmx-${oldestHardware}`,
      "upgrade the template's VM compatibility",
    );
  }
  const cards = devices.filter((device) => networkCards.includes(device._typeName));
  const slot = cards[0]?.slotInfo?.pciSlotNumber;
  if (cards.length !== 1 || cards[0]?._typeName !== "VirtualVmxnet3") {
    refuse(
      "template-network",
      `has ${cards.map((card) => card._typeName).join(", ") || "no network card"}; exactly one VMXNET3 becomes ens192 in the guest`,
      "give the template one VMXNET3 adapter and remove any other",
    );
  } else if (slot !== undefined && slot !== ens192Slot && slot !== -1) {
    refuse(
      "template-network",
      `has its network card in PCI slot ${slot}; only slot ${ens192Slot} becomes ens192 in the guest`,
      `set ethernet0.pciSlotNumber = "${ens192Slot}" in the template's configuration parameters`,
    );
  }
  const disks = devices.filter((device) => device._typeName === "VirtualDisk");
  const diskGiB = (disks[0]?.capacityInBytes ?? 0) / gib;
  if (disks.length !== 1) {
    refuse("template-disk", `has ${disks.length} disks; a clone starts from exactly one`, "leave only the system disk");
  } else if (diskGiB > smallestDiskGiB) {
    refuse(
      "template-disk",
      `has a disk of ${diskGiB} GiB; the smallest one planned from it has ${smallestDiskGiB} GiB`,
      "raise size.diskGiB of its hosts, or shrink the template's disk",
    );
  }
  if (config.tools?.toolsVersion === 0) {
    refuse(
      "template-tools",
      "has no VMware Tools, through which guestinfo is read and the address reported",
      "install open-vm-tools in the template and start it once",
    );
  }
  faults.push(...cloudInitFaults(path, name, config));
  return faults;
}

/** vCenter cannot look inside; so the template says it: an OVA by its user-data property, any other one in its notes. */
function cloudInitFaults(path: string, name: string, config: TemplateConfig): readonly Finding[] {
  const stated = /^\s*cloud-init:\s*(\d+)\.(\d+)/m.exec(config.annotation ?? "");
  if (stated === null) {
    const fromOva = config.vAppConfig?.property?.some((property) => property.id === "user-data") ?? false;
    return fromOva
      ? []
      : [
          {
            path,
            value: name,
            rule: "template-cloud-init",
            problem: `does not say that it holds cloud-init ${oldestCloudInit.join(".")} or newer`,
            remedy:
              "write a line like `cloud-init: 22.4.2` into the template's notes, once `cloud-init --version` in it agrees (docs/templates.md)",
          },
        ];
  }
  const [major, minor] = [Number(stated[1]), Number(stated[2])];
  const [oldestMajor, oldestMinor] = oldestCloudInit;
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)
    ? []
    : [
        {
          path,
          value: name,
          rule: "template-cloud-init",
          problem: `holds cloud-init ${major}.${minor}; ${oldestCloudInit.join(".")} is the first with the VMware datasource`,
          remedy: "build the template from a newer release of the distribution",
        },
      ];
}
