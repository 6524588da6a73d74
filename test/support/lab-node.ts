/** A machine of our own on the region's VLAN: in a node's place, or in nobody's. */
import type { Guests, Machine } from "../../lab/guests";
import type { RunResult } from "../../lab/run";
import { waitFor } from "../../lab/run";
import { type SpeakerConfig, speakerConfiguration } from "./bgp-speaker";
import { lab } from "./lab";
import type { Prober } from "./lab-scan";

/** Boots a machine with an address of the VLAN and gw as its default gateway; it lives until the lab ends. */
export async function attachMachine(name: string, address: string): Promise<Prober> {
  const { root, surroundings, guests } = lab().context;
  const machine: Machine = {
    name,
    root,
    cards: [{ name: "ens192", network: surroundings.networks.vlan, addresses: [address], defaultRoute: true }],
    files: { "/etc/frr/daemons": { content: "bgpd=yes\nvtysh_enable=yes\n" } },
    units: [],
  };
  await guests.start(machine);
  const exec: Guests["exec"] = guests.exec;
  await waitFor(`${name} to have its address`, 30_000, async () => {
    const { stdout } = await exec(name, ["ip", "-brief", "address", "show", "dev", "ens192"]);
    return stdout.includes(address) && stdout.includes("UP") ? true : undefined;
  });
  return { name, address, inVlan: true, exec: (command) => exec(name, command) };
}

/** Makes a machine speak BGP as told, instead of whatever it said before. */
export async function speak(machine: Prober, speaker: SpeakerConfig): Promise<void> {
  const write = ["tee", "/etc/frr/frr.conf"];
  await lab().exec(machine.name, write, { input: speakerConfiguration(speaker) });
  // Debian starts it five times in three minutes at most.
  await machine.exec(["systemctl", "reset-failed", "frr.service"]).catch(() => undefined);
  await machine.exec(["systemctl", "restart", "frr.service"]);
  await waitFor(`bgpd on ${machine.name}`, 20_000, async () => {
    const { stdout } = await machine.exec(["vtysh", "-c", "show running-config"]);
    return stdout.includes(`router bgp ${speaker.asn}`) ? true : undefined;
  });
}

export async function silence(machine: Prober): Promise<RunResult> {
  return machine.exec(["systemctl", "stop", "frr.service"]);
}
