/** A switch with machines on it, in network namespaces of this test run alone. */
import { run } from "../../lab/run";

/** One subnet: a bridge in a namespace of its own, and a namespace for each machine, its interface called `ens192`. */
export class Switch {
  private readonly namespaces: string[] = [];

  private constructor(
    private readonly prefix: string,
    private readonly mtu: number,
  ) {}

  /** `prefix` names this switch on the machine; at most 8 characters. */
  static async create(prefix: string, mtu = 1500): Promise<Switch> {
    const created = new Switch(prefix, mtu);
    await created.namespace("switch");
    await created.ip("switch", ["link", "add", "vlan", "type", "bridge"]);
    await created.ip("switch", ["link", "set", "vlan", "up"]);
    return created;
  }

  /** Adds a machine with these addresses (`172.20.10.21/24`); returns the name of its namespace. */
  async attach(name: string, addresses: readonly string[]): Promise<string> {
    const namespace = await this.namespace(name);
    const link = ["link", "add", "ens192", "netns", namespace, "mtu", String(this.mtu), "type", "veth"];
    await this.ip("switch", [...link, "peer", "name", name, "netns", this.name("switch")]);
    await this.ip("switch", ["link", "set", name, "master", "vlan", "up"]);
    for (const address of addresses) await this.ip(name, ["address", "add", address, "dev", "ens192"]);
    await this.ip(name, ["link", "set", "ens192", "up"]);
    return namespace;
  }

  /** Runs `ip` inside a machine's namespace, e.g. to pull its cable: `["link", "set", "ens192", "down"]`. */
  async ip(name: string, command: readonly string[]): Promise<string> {
    return (await run(["ip", "-netns", this.name(name), ...command])).stdout;
  }

  /** Removes all namespaces, last one first; the kernel takes their links and addresses with them. */
  async remove(): Promise<void> {
    while (this.namespaces.length > 0) await run(["ip", "netns", "delete", this.namespaces.pop() as string]);
  }

  private name(name: string): string {
    return `${this.prefix}-${name}`;
  }

  private async namespace(name: string): Promise<string> {
    await run(["ip", "netns", "add", this.name(name)]);
    this.namespaces.push(this.name(name));
    await this.ip(name, ["link", "set", "lo", "up"]);
    return this.name(name);
  }
}
