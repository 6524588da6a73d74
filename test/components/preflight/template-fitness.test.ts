import { templateFaults, type TemplateConfig } from "../../../components/preflight/template-fitness";

const gib = 1024 ** 3;
const card = { _typeName: "VirtualVmxnet3", slotInfo: { pciSlotNumber: 192 } };
const disk = { _typeName: "VirtualDisk", capacityInBytes: 4 * gib };

const fit: TemplateConfig = {
  template: true,
  version: "vmx-19",
  annotation: "Debian 12, built 2026-11-01\ncloud-init: 22.4.2\n",
  tools: { toolsVersion: 12325 },
  hardware: { device: [card, disk] },
};

const rulesOf = (config: TemplateConfig) =>
  templateFaults("vcenter.templates.host", "debian", config, 20).map((f) => f.rule);

test("a template that fits has no fault", () => {
  expect(rulesOf(fit)).toEqual([]);
});

test.each<[string, Partial<TemplateConfig>, string[]]>([
  ["a virtual machine", { template: false }, ["template-kind"]],
  ["old hardware", { version: "vmx-14" }, ["template-hardware"]],
  ["hardware of an unknown name", { version: "future" }, ["template-hardware"]],
  ["no network card", { hardware: { device: [disk] } }, ["template-network"]],
  ["an E1000", { hardware: { device: [{ _typeName: "VirtualE1000" }, disk] } }, ["template-network"]],
  ["two cards", { hardware: { device: [card, card, disk] } }, ["template-network"]],
  [
    "a card in another slot",
    { hardware: { device: [{ ...card, slotInfo: { pciSlotNumber: 224 } }, disk] } },
    ["template-network"],
  ],
  ["no disk", { hardware: { device: [card] } }, ["template-disk"]],
  ["two disks", { hardware: { device: [card, disk, disk] } }, ["template-disk"]],
  [
    "a disk larger than planned",
    { hardware: { device: [card, { ...disk, capacityInBytes: 21 * gib }] } },
    ["template-disk"],
  ],
  ["no tools", { tools: { toolsVersion: 0 } }, ["template-tools"]],
  ["silence about cloud-init", { annotation: "" }, ["template-cloud-init"]],
  ["cloud-init before the VMware datasource", { annotation: "cloud-init: 21.2" }, ["template-cloud-init"]],
])("%s is refused", (_, change, rules) => {
  expect(rulesOf({ ...fit, ...change })).toEqual(rules);
});

test.each<[string, Partial<TemplateConfig>]>([
  [
    "a card that was never powered on, which has no slot yet",
    { hardware: { device: [{ ...card, slotInfo: undefined }, disk] } },
  ],
  ["an OVA with cloud-init's own property", { annotation: "", vAppConfig: { property: [{ id: "user-data" }] } }],
  ["the first cloud-init with the VMware datasource", { annotation: "cloud-init: 21.3" }],
  ["tools that vCenter knows nothing of yet", { tools: {} }],
])("%s is accepted", (_, change) => {
  expect(rulesOf({ ...fit, ...change })).toEqual([]);
});
