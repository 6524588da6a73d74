/** A region's `gw` and BGP routers on one switch, each router with exactly the files that its renderer writes. */
import type { Site } from "../../config/site";
import { renderGatewayFrr } from "../../lab/fixtures/gw";
import type { RegionPlan } from "../../plan/model";
import { bgpContent } from "../../render/bgp";
import type { HostSecrets } from "../../render/host-content";
import { frrFiles, startFrr } from "./frr-machine";
import type { RootMachine } from "./root-process";
import { type SpeakerConfig, startSpeaker } from "./bgp-speaker";
import { Switch } from "./switch";

export type BgpPasswords = Required<NonNullable<HostSecrets["bgpPasswords"]>>;

/** The files of a router, as first boot writes them. */
export function routerFiles(site: Site, plan: RegionPlan, name: string, bgpPasswords: BgpPasswords) {
  const host = plan.hosts.find((candidate) => candidate.name === name);
  if (!host) throw new Error(`no host ${name} in region ${plan.site}`);
  const hostKey = { privateKey: "unused", publicKey: "unused" };
  return bgpContent(site, plan, host, { hostKey, deployPublicKey: "unused", verifyPublicKey: "unused", bgpPasswords })
    .files;
}

/** A running network; `remove` ends and deletes all of it. */
export class RouterNetwork {
  readonly machines = new Map<string, RootMachine>();

  private constructor(
    readonly plan: RegionPlan,
    readonly vlan: Switch,
  ) {}

  /** Starts gw and all routers of the plan; `prefix` names the network on the machine. */
  static async start(prefix: string, site: Site, plan: RegionPlan, passwords: BgpPasswords): Promise<RouterNetwork> {
    const network = new RouterNetwork(plan, await Switch.create(prefix, plan.vlan.mtu));
    try {
      const routers = plan.bgp.routers.map(({ host, address }) => ({
        name: host,
        address,
        files: routerFiles(site, plan, host, passwords),
      }));
      const gateway = {
        name: "gw",
        address: plan.vlan.gateway,
        files: frrFiles(renderGatewayFrr(plan, passwords.upstream)),
      };
      for (const { name, address, files } of [gateway, ...routers]) {
        const namespace = await network.vlan.attach(name, [`${address}/${plan.vlan.prefixLength}`]);
        network.machines.set(name, await startFrr(namespace, name, files));
      }
      return network;
    } catch (error) {
      await network.remove();
      throw error;
    }
  }

  /** Adds a speaker at its router id's address, on the cable `name`. */
  async speak(name: string, speaker: SpeakerConfig): Promise<RootMachine> {
    const namespace = await this.vlan.attach(name, [`${speaker.routerId}/${this.plan.vlan.prefixLength}`]);
    const machine = await startSpeaker(namespace, speaker);
    this.machines.set(name, machine);
    return machine;
  }

  machine(name: string): RootMachine {
    const machine = this.machines.get(name);
    if (!machine) throw new Error(`no machine ${name}`);
    return machine;
  }

  async remove(): Promise<void> {
    for (const machine of this.machines.values()) await machine.stop();
    await this.vlan.remove();
  }
}
