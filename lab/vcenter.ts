/** The lab's vCenter: the hypervisor program in a namespace of its own in the server LAN. */
import { existsSync } from "node:fs";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Site } from "../config/site";
import type { CertificateAuthority } from "./certificates";
import { namespacesOf, switchNamespace } from "./network";
import type { LabIdentity } from "./paths";
import { namespaceName } from "./paths";
import type { Prepared } from "./prepare";
import { isRunning, startDetached, stopRecorded } from "./process";
import { inNamespace, run } from "./run";
import type { Surroundings } from "./surroundings";
import { interfaceAddress } from "./surroundings";

/** A root that a template of the site is made of. */
export interface TemplateRoot {
  readonly name: string;
  readonly root: string;
  readonly privileged: boolean;
}

/** A plain template beside the site's own, so that one host of a region can be booted from it. */
export const plainTemplate = "debian-12-plain";

/** The templates of the site file, and the plain one. */
export function templateRoots(site: Site, roots: Prepared["roots"]): TemplateRoot[] {
  const { host, node } = site.vcenter.templates;
  return [
    { name: host.name, root: roots[host.kind], privileged: false },
    { name: node.name, root: roots.node, privileged: true },
    ...(host.name === plainTemplate ? [] : [{ name: plainTemplate, root: roots.plain, privileged: false }]),
  ];
}

/** An account that may look at everything and change nothing: who previews pull requests. */
export const readOnlyUser = "preview@vsphere.local";

export interface VcenterPasswords {
  readonly vcenterPassword: string;
  readonly readOnlyPassword: string;
}

const files = (lab: LabIdentity) => ({
  config: join(lab.directory, "vcenter.json"),
  record: join(lab.directory, "vcenter.process.json"),
  log: join(lab.directory, "vcenter.log"),
});

/** Folder that the hypervisor owns: the VMs' disks, consoles and records. */
export function vcenterState(lab: LabIdentity): string {
  return join(lab.directory, "vcenter");
}

export function vcenterLog(lab: LabIdentity): string {
  return files(lab).log;
}

export function vcenterRuns(lab: LabIdentity): Promise<boolean> {
  return isRunning(files(lab).record);
}

/** Preflight cannot look into a template's disk, so its note says which cloud-init it holds. */
async function annotation(root: string): Promise<string> {
  const query = ["dpkg-query", `--admindir=${root}/var/lib/dpkg`, "-W", "-f", "${Version}", "cloud-init"];
  const version = (await run(query)).stdout.split("-")[0];
  return `cloud-init: ${version}`;
}

/** The inventory that the site file expects to find. */
async function configuration(
  lab: LabIdentity,
  site: Site,
  passwords: VcenterPasswords,
  templates: readonly TemplateRoot[],
): Promise<object> {
  const { vcenter } = site;
  return {
    listen: `${vcenter.address}:443`,
    certFile: join(lab.directory, "ca", "vcenter.crt"),
    keyFile: join(lab.directory, "ca", "vcenter.key"),
    username: vcenter.username,
    password: passwords.vcenterPassword,
    readOnlyUser: { username: readOnlyUser, password: passwords.readOnlyPassword },
    inventory: {
      datacenter: vcenter.datacenter,
      cluster: vcenter.computeCluster,
      hosts: ["esxi1", "esxi2", "esxi3"].map((host) => `${host}.${site.activeDirectory.domain}`),
      datastore: vcenter.datastore,
      datastoreCapacityGiB: 8192,
      portGroups: [vcenter.portGroup],
    },
    templates: await Promise.all(
      templates.map(async ({ name, root, privileged }) => ({
        name,
        root,
        privileged,
        hardwareVersion: "vmx-19",
        guestId: "debian12_64Guest",
        cpus: 1,
        memoryMiB: 1024,
        diskGiB: 10,
        annotation: await annotation(root),
      })),
    ),
    switch: { namespace: switchNamespace(lab), bridges: { [vcenter.portGroup]: "vlan" } },
    namespacePrefix: `${lab.id}-`,
    stateDir: vcenterState(lab),
  };
}

async function ensureNamespace(lab: LabIdentity, { vcenter }: Surroundings): Promise<string> {
  const name = namespaceName(lab, vcenter.name);
  if ((await namespacesOf(lab)).includes(name)) await run(["ip", "netns", "delete", name]);
  await run(["ip", "netns", "add", name]);
  const port = `port-${vcenter.name}`;
  await run(["ip", "-n", switchNamespace(lab), "link", "delete", port], { accept: [0, 1] });
  const addPort = ["link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", name];
  await run(["ip", "-n", switchNamespace(lab), ...addPort]);
  await run(["ip", "-n", switchNamespace(lab), "link", "set", port, "master", vcenter.network.bridge, "up"]);
  const commands = [
    "link set lo up",
    `address add ${interfaceAddress(vcenter.network, vcenter.addresses[0])} dev eth0`,
    "link set eth0 up",
    `route add default via ${vcenter.network.gateway}`,
  ];
  await run(["ip", "-n", name, "-batch", "-"], { input: `${commands.join("\n")}\n` });
  return name;
}

/** Starts vCenter unless it runs; a new one begins with templates and nothing else. Tells whether it is new. */
export async function startVcenter(
  lab: LabIdentity,
  hypervisor: string,
  site: Site,
  surroundings: Surroundings,
  authority: CertificateAuthority,
  passwords: VcenterPasswords,
  templates: readonly TemplateRoot[],
): Promise<boolean> {
  if (await vcenterRuns(lab)) return false;
  const { config, record, log } = files(lab);
  await authority.issue("vcenter", [site.vcenter.server, site.vcenter.address]);
  await mkdir(vcenterState(lab), { recursive: true });
  await writeFile(config, JSON.stringify(await configuration(lab, site, passwords, templates), null, 2), {
    mode: 0o600,
  });
  await chmod(config, 0o600);
  await run([hypervisor, "reap", "--config", config]);
  const namespace = await ensureNamespace(lab, surroundings);
  const command = inNamespace(namespace, [hypervisor, "serve", "--config", config]);
  await startDetached(command, { record, log }, (text) => /^ready /m.test(text), 60_000);
  return true;
}

/** Powers off all VMs and ends vCenter, also what one that was killed left behind. */
export async function stopVcenter(lab: LabIdentity, hypervisor: string): Promise<void> {
  const { config, record } = files(lab);
  await stopRecorded(record, 60_000);
  if (existsSync(config)) await run([hypervisor, "reap", "--config", config]);
}
