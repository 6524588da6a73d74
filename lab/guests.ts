import { createHash } from "node:crypto";
import { chmod, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LabIdentity } from "./paths";
import { namespaceName } from "./paths";
import { switchNamespace } from "./network";
import type { RunOptions, RunResult } from "./run";
import { run } from "./run";
import type { Network } from "./surroundings";
import { interfaceAddress } from "./surroundings";

/** A network card of a fixture machine. */
export interface Card {
  readonly name: string;
  readonly network: Network;
  readonly addresses: readonly string[];
  /** Default route through the network's gateway; only one card of a machine has it. */
  readonly defaultRoute?: boolean;
}

/** A machine around the region: a guest over the fixtures' root, told by files what to serve. */
export interface Machine {
  readonly name: string;
  readonly root: string;
  readonly cards: readonly Card[];
  /** Absolute path in the guest: content. Written before the boot. */
  readonly files: Readonly<Record<string, { readonly content: string; readonly mode?: number }>>;
  /** Folders of this machine whose content is laid over the guest's disk before its files are written. */
  readonly layers?: readonly string[];
  /** Units to start at boot. */
  readonly units: readonly string[];
  readonly binds?: readonly { readonly source: string; readonly target: string; readonly readOnly: boolean }[];
}

/** Where the state of a lab's fixture machines lies, one folder each. */
export function fixturesDirectory(lab: LabIdentity): string {
  return join(lab.directory, "fixtures");
}

/** The fixtures of one lab, run by the hypervisor program. */
export interface Guests {
  /** Boots a machine unless it runs already as described; one that runs otherwise is replaced. */
  start(machine: Machine): Promise<void>;
  /** Runs a command inside a machine. */
  exec(name: string, command: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Ends and erases all machines of the lab, also those that an interrupted run left. Returns their names. */
  removeAll(): Promise<string[]>;
  /** Folder of a machine's writable layer: its disk, as it would be seen from outside. */
  disk(name: string): string;
}

async function writeDisk(machine: Machine, disk: string): Promise<void> {
  await mkdir(disk, { recursive: true });
  for (const layer of machine.layers ?? []) await run(["cp", "-a", "--reflink=auto", `${layer}/.`, disk]);
  const hosts = machine.cards.flatMap(({ addresses }) => addresses).map((address) => `${address} ${machine.name}\n`);
  const files: Machine["files"] = {
    "/etc/hostname": { content: `${machine.name}\n` },
    "/etc/hosts": { content: `127.0.0.1 localhost\n${hosts.join("")}` },
    ...machine.files,
  };
  for (const [path, { content, mode }] of Object.entries(files)) {
    const target = join(disk, path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    await chmod(target, mode ?? 0o644);
  }
  const wants = join(disk, "etc/systemd/system/multi-user.target.wants");
  await mkdir(wants, { recursive: true });
  for (const unit of machine.units) {
    const own = `/etc/systemd/system/${unit}`;
    const file = own in files ? own : `/lib/systemd/system/${unit}`;
    const text = files[own]?.content ?? (await readFile(join(machine.root, file), "utf8"));
    const [, aliases = ""] = /^Alias=(.*)$/m.exec(text) ?? [];
    const links = [
      join(wants, unit),
      ...aliases
        .split(" ")
        .filter(Boolean)
        .map((alias) => join(wants, "..", alias)),
    ];
    // rsyslog is started through its alias: without it, its socket has no service, and systemd leaves both alone.
    for (const link of links) await run(["ln", "-sfn", file, link]);
  }
}

/** Drives the fixture machines of a lab through `hypervisor guest`. */
export function labGuests(lab: LabIdentity, hypervisor: string): Guests {
  const folder = (name: string) => join(fixturesDirectory(lab), name);
  const machineName = (name: string) => namespaceName(lab, name);
  const guest = (...args: string[]) => run([hypervisor, "guest", ...args]);
  const digestFile = (name: string) => join(fixturesDirectory(lab), `${name}.sha256`);
  return {
    disk: (name) => join(folder(name), "upper"),
    exec: (name, command, options) =>
      run([hypervisor, "guest", "exec", "--state-dir", folder(name), "--", ...command], options),
    async start(machine) {
      const digest = createHash("sha256").update(JSON.stringify(machine)).digest("hex");
      const stateDir = folder(machine.name);
      const running = await guest("status", "--state-dir", stateDir, "--json").then(
        ({ stdout }) => (JSON.parse(stdout) as { running: boolean }).running,
      );
      const same = (await readFile(digestFile(machine.name), "utf8").catch(() => "")) === digest;
      if (running && same) return;
      await rm(digestFile(machine.name), { force: true });
      await guest("remove", "--state-dir", stateDir);
      await writeDisk(machine, join(stateDir, "upper"));
      const spec = {
        name: machineName(machine.name),
        root: machine.root,
        stateDir,
        switchNamespace: switchNamespace(lab),
        interfaces: machine.cards.map(({ name, network, addresses, defaultRoute }) => ({
          name,
          bridge: network.bridge,
          addresses: addresses.map((address) => interfaceAddress(network, address)),
          ...(defaultRoute ? { gateway: network.gateway } : {}),
        })),
        binds: machine.binds ?? [],
      };
      const specFile = join(fixturesDirectory(lab), `${machine.name}.json`);
      await writeFile(specFile, `${JSON.stringify(spec, null, 2)}\n`);
      const { stderr } = await guest("start", "--spec", specFile);
      // It is up, but some unit that it was told to start is not: better said now than found out by a test.
      if (stderr.trim() !== "") throw new Error(stderr.trim());
      await writeFile(digestFile(machine.name), digest);
    },
    async removeAll() {
      const entries = await readdir(fixturesDirectory(lab), { withFileTypes: true }).catch(() => []);
      const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
      await Promise.all(names.map((name) => guest("remove", "--state-dir", folder(name))));
      return names;
    },
  };
}
