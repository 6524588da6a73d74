/**
 * Everything that a vCenter holds, as sorted lines: for the comparison before `up` and after `destroy`.
 *
 * As a program it reads {server, username, password, tls} from standard input and asks that vCenter over its own APIs;
 * it runs as the lab's operator, who has the way there.
 */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Site } from "../../config/site";
import { type Reference, VcenterApi } from "../../components/preflight/vcenter-api";

export interface InventoryRequest {
  readonly server: string;
  readonly username: string;
  readonly password: string;
  readonly tls: Site["vcenter"]["tls"];
}

/** The properties under which each kind of object holds others. */
const children: Readonly<Record<string, readonly string[]>> = {
  Folder: ["childEntity"],
  Datacenter: ["vmFolder", "hostFolder", "datastoreFolder", "networkFolder"],
  ClusterComputeResource: ["host", "resourcePool"],
  ResourcePool: ["resourcePool"],
};

async function walk(api: VcenterApi, object: Reference, path: string): Promise<string[]> {
  const name = await api.property<string>(object, "name");
  const here = `${path}/${name}`;
  const kinds = children[object.type] ?? [];
  const values = await Promise.all(
    kinds.map((kind) => api.property<Reference | readonly Reference[] | undefined>(object, kind)),
  );
  const below: string[] = [];
  for (const child of values.flat()) if (child) below.push(...(await walk(api, child, here)));
  return [`${object.type} ${here}${await details(api, object)}`, ...below];
}

async function details(api: VcenterApi, object: Reference): Promise<string> {
  if (object.type === "VirtualMachine") {
    const config = await api.property<{ uuid: string; template: boolean; version: string }>(object, "config");
    return ` uuid=${config.uuid} template=${config.template} ${config.version}`;
  }
  if (object.type === "ClusterComputeResource") {
    const { rule, group } = await api.property<{ rule?: { name: string }[]; group?: { name: string }[] }>(
      object,
      "configurationEx",
    );
    const names = (list: { name: string }[] | undefined) => (list ?? []).map((each) => each.name).sort();
    return ` rules=${JSON.stringify(names(rule))} groups=${JSON.stringify(names(group))}`;
  }
  return "";
}

/** Tag categories and tags live behind the REST API. */
async function tagLines({ server, username, password }: InventoryRequest): Promise<string[]> {
  const base = `https://${server}/rest/com/vmware/cis`;
  const call = async (path: string, headers: Record<string, string>, method = "GET") => {
    const response = await fetch(base + path, { method, headers });
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status} ${await response.text()}`);
    return ((await response.json()) as { value: unknown }).value;
  };
  const basic = Buffer.from(`${username}:${password}`).toString("base64");
  const session = (await call("/session", { authorization: `Basic ${basic}` }, "POST")) as string;
  const headers = { "vmware-api-session-id": session };
  const lines: string[] = [];
  for (const kind of ["category", "tag"]) {
    for (const id of ((await call(`/tagging/${kind}`, headers)) as string[] | null) ?? []) {
      const { name } = (await call(`/tagging/${kind}/id:${id}`, headers)) as { name: string };
      lines.push(`tag ${kind} ${name}`);
    }
  }
  return lines;
}

/** The whole inventory of a vCenter, sorted. */
export async function readInventory(request: InventoryRequest): Promise<string[]> {
  const { api, content } = await VcenterApi.connect(request);
  try {
    await api.login(content.sessionManager, request.username, request.password);
    return [...(await walk(api, content.rootFolder, "")), ...(await tagLines(request))].sort();
  } finally {
    await api.close(content.sessionManager);
  }
}

/** Every file of the simulator's datastore with its size, sorted. */
export async function datastoreFiles(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  const lines = await Promise.all(
    names.map(async (name) => {
      const info = await stat(join(folder, name));
      return info.isFile() ? `file ${name} ${info.size}` : `folder ${name}`;
    }),
  );
  return lines.sort();
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const request = JSON.parse(Buffer.concat(chunks).toString("utf8")) as InventoryRequest;
  console.log(JSON.stringify(await readInventory(request)));
}

if (require.main === module) void main();
