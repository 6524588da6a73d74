/** Which interrupted creations are completed, and by which name the vSphere provider finds the object. */
import { importOf } from "../../recover/adoption";
import { parseState, type PendingOperation, type State } from "../../recover/state";
import { exampleSites } from "../support/example-sites";

const { siziano } = exampleSites();
const region = "urn:pulumi:siziano::kubernetes-vsphere::kubernetes-vsphere:region:Region";
const parent = `${region}::siziano`;
const vcenter = "urn:pulumi:siziano::kubernetes-vsphere::pulumi:providers:vsphere::siziano-vcenter";
const state: State = parseState(
  JSON.stringify({
    version: 3,
    deployment: {
      manifest: {},
      resources: [
        { urn: parent, custom: false, type: "kubernetes-vsphere:region:Region" },
        {
          urn: `${region}$vsphere:index/tagCategory:TagCategory::siziano-folder-category`,
          custom: true,
          type: "vsphere:index/tagCategory:TagCategory",
          id: "urn:vmomi:1",
          inputs: { name: "kubernetes.cmp siziano" },
        },
      ],
    },
  }),
);

const begun = (type: string, inputs: Record<string, unknown>, operation = "creating"): PendingOperation => ({
  type: operation,
  resource: { urn: `${region}$${type}::siziano-thing`, type, parent, provider: `${vcenter}::1234`, inputs },
});

test.each([
  ["folder:Folder", { path: "kubernetes.cmp-siziano" }, "/siziano/vm/kubernetes.cmp-siziano"],
  ["tagCategory:TagCategory", { name: "kubernetes.cmp siziano" }, "kubernetes.cmp siziano"],
  [
    "tag:Tag",
    { name: "bgp", categoryId: "urn:vmomi:1" },
    '{"category_name":"kubernetes.cmp siziano","tag_name":"bgp"}',
  ],
  [
    "virtualDisk:VirtualDisk",
    { datacenter: "siziano", datastore: "ssd-1", vmdkPath: "region/siziano-capi-data.vmdk" },
    "/siziano/[ssd-1] region/siziano-capi-data.vmdk",
  ],
  [
    "computeClusterVmAntiAffinityRule:ComputeClusterVmAntiAffinityRule",
    { name: "siziano-bgp" },
    '{"compute_cluster_path":"/siziano/host/compute","name":"siziano-bgp"}',
  ],
])("%s", (type, inputs, id) => {
  expect(importOf(begun(`vsphere:index/${type}`, inputs), siziano, state)).toEqual({
    nameTable: { parent, provider: vcenter },
    resources: [{ type: `vsphere:index/${type}`, name: "siziano-thing", id, parent: "parent", provider: "provider" }],
  });
});

test("nothing else is: what is asked of a host, machines, and what was not being created", () => {
  const others = [
    begun("command:remote:Command", {}),
    begun("vsphere:index/virtualMachine:VirtualMachine", { name: "siziano-capi" }),
    begun("vsphere:index/folder:Folder", { path: "x" }, "updating"),
    begun("vsphere:index/tag:Tag", { name: "bgp", categoryId: "of a category that state does not know" }),
  ];
  for (const other of others) expect(importOf(other, siziano, state)).toBeUndefined();
});

test("a state without anything is one, and what is no state is told", () => {
  expect(parseState('{"version":3,"deployment":{"manifest":{}}}')).toEqual({ resources: [], pending: [] });
  expect(() => parseState('{"version":3}')).toThrow("deployment");
});
