import { ensureSwitch, namespacesOf, removeNamespaces, switchNamespace } from "../../lab/network";
import { labIdentity } from "../../lab/paths";
import { inNamespace, run } from "../../lab/run";

const lab = labIdentity("siziano", "network-test");
const other = labIdentity("siziano", "network-test-2");
const bridges = async (name: string) => {
  const { stdout } = await run(inNamespace(name, ["ip", "-json", "link", "show", "type", "bridge"]));
  return (JSON.parse(stdout) as { ifname: string; mtu: number; operstate: string }[]).map(({ ifname, mtu }) => [
    ifname,
    mtu,
  ]);
};

afterAll(() => Promise.all([lab, other].map(removeNamespaces)));

test("two labs have namespaces of their own, and removing one leaves the other", async () => {
  await ensureSwitch(lab, 1400);
  await ensureSwitch(lab, 1400); // again: what is there stays
  await ensureSwitch(other, 1500);
  expect(await bridges(switchNamespace(lab))).toEqual([
    ["vlan", 1400],
    ["office", 1500],
    ["servers", 1500],
    ["inet", 1500],
  ]);
  expect(await removeNamespaces(lab)).toEqual([switchNamespace(lab)]);
  expect(await namespacesOf(lab)).toEqual([]);
  expect(await namespacesOf(other)).toEqual([switchNamespace(other)]);
});

test("the bridges have no way out: neither address nor route", async () => {
  await ensureSwitch(lab, 1500);
  const routes = await run(inNamespace(switchNamespace(lab), ["ip", "-4", "route", "show", "table", "main"]));
  expect(routes.stdout).toBe("");
  const addresses = await run(inNamespace(switchNamespace(lab), ["ip", "-4", "-brief", "address"]));
  expect(addresses.stdout.replace(/^lo\s.*$/m, "").match(/\d+\.\d+\.\d+\.\d+/)).toBeNull();
});

test("a lab's name is one that namespaces, files and machines can bear", () => {
  for (const name of ["", "A", "a/b", "../x", "a".repeat(32)])
    expect(() => labIdentity("siziano", name)).toThrow("lab name");
  expect(labIdentity("siziano").id).toMatch(/^k[0-9a-f]{4}$/);
  expect(labIdentity("siziano").id).toBe(labIdentity("siziano").id);
  expect(labIdentity("siziano").id).not.toBe(labIdentity("dr").id);
});
