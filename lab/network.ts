import type { LabIdentity } from "./paths";
import { namespaceName } from "./paths";
import { run } from "./run";
import type { Bridge } from "./surroundings";

const bridges: readonly Bridge[] = ["vlan", "office", "servers", "inet"];

/** The namespace that holds the lab's bridges. */
export function switchNamespace(lab: LabIdentity): string {
  return namespaceName(lab, "switch");
}

/** Names of this lab's namespaces that exist. */
export async function namespacesOf(lab: LabIdentity): Promise<string[]> {
  const list = await run(["ip", "-json", "netns", "list"]);
  const all = JSON.parse(list.stdout.trim() || "[]") as { name: string }[];
  return all.map(({ name }) => name).filter((name) => name.startsWith(`${lab.id}-`));
}

/** Makes the switch: one namespace with four bridges, which no route or address connects to the machine's own network. */
export async function ensureSwitch(lab: LabIdentity, mtu: number): Promise<void> {
  const name = switchNamespace(lab);
  if (!(await namespacesOf(lab)).includes(name)) await run(["ip", "netns", "add", name]);
  const links = await run(["ip", "-n", name, "-json", "link", "show", "type", "bridge"]);
  const present = (JSON.parse(links.stdout.trim() || "[]") as { ifname: string }[]).map(({ ifname }) => ifname);
  const commands = ["link set lo up"];
  for (const bridge of bridges) {
    if (!present.includes(bridge)) commands.push(`link add ${bridge} type bridge`);
    commands.push(`link set ${bridge} mtu ${bridge === "vlan" ? mtu : 1500} up`);
  }
  await run(["ip", "-n", name, "-batch", "-"], { input: `${commands.join("\n")}\n` });
}

/** Removes all namespaces of this lab; what is inside them must have ended. */
export async function removeNamespaces(lab: LabIdentity): Promise<string[]> {
  const names = await namespacesOf(lab);
  for (const name of names) await run(["ip", "netns", "delete", name]);
  return names;
}
