/** The editor's schema, read by a validator that is not ours. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import Ajv, { type ValidateFunction } from "ajv";
import { parse } from "yaml";

const root = join(__dirname, "../..");
const read = (name: string): string => readFileSync(join(root, name), "utf8");

const validator = (): ValidateFunction =>
  // Its formats are for editors; strict mode would refuse keywords that stand beside $ref.
  new Ajv({ strict: false, validateFormats: false }).compile(JSON.parse(read("config/stack.schema.json")) as object);

interface StackFile {
  config: Record<string, unknown>;
  encryptionsalt?: string;
}
const stackFile = (stack: string): StackFile => parse(read(`Pulumi.${stack}.yaml`)) as StackFile;

test.each(["siziano", "dr"])("accepts %s, with secrets and what Pulumi adds", (stack) => {
  const accepts = validator();
  const file = stackFile(stack);
  expect(accepts(file) ? [] : accepts.errors).toEqual([]);
  file.encryptionsalt = "v1:x";
  file.config["vsphere:user"] = "someone";
  file.config["kubernetes-vsphere:vcenterPassword"] = { secure: "v1:x" };
  file.config["kubernetes-vsphere:bgpPasswords"] = {
    upstream: { secure: "v1:x" },
    clusters: { a: { secure: "v1:y" } },
  };
  file.config["kubernetes-vsphere:addressesConfirmed"] = "false";
  expect(accepts(file) ? [] : accepts.errors).toEqual([]);
});

test.each<[string, (config: Record<string, unknown>) => void]>([
  ["an unknown key", (config) => (config["kubernetes-vsphere:colour"] = "blue")],
  ["a missing key", (config) => delete config["kubernetes-vsphere:vlan"]],
  ["a wrong choice", (config) => (config["kubernetes-vsphere:environment"] = "test")],
  ["a secret in clear", (config) => (config["kubernetes-vsphere:vcenterPassword"] = "hunter2")],
  ["a secret in clear deep inside", (config) => (config["kubernetes-vsphere:bgpPasswords"] = { upstream: "hunter2" })],
  ["a typing mistake deep inside", (config) => (config["kubernetes-vsphere:wan"] = { vpnMTU: 1420 })],
])("refuses %s", (_what, change) => {
  const file = stackFile("siziano");
  change(file.config);
  expect(validator()(file)).toBe(false);
});
