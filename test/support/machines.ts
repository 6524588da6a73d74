/** Every machine of the lab that is in or around the region, and how a script runs there, past all policies. */
import { atNode, deployed, nodesOf } from "./cluster-nodes";
import { atConsole, lab } from "./lab";

export interface LabMachine {
  readonly name: string;
  /** Name of the cluster that it is a node of; none for all others. */
  readonly cluster?: string;
  /** In the region's VLAN, where a node is one hop away. */
  readonly inVlan: boolean;
  /** Runs a shell script as root; what it printed. */
  ask(script: string): Promise<string>;
}

const shell = ["sh", "-eu"];

export async function allMachines(): Promise<readonly LabMachine[]> {
  const { plan, context, exec } = lab();
  const { office, services, depot, internet, domainControllers } = context.surroundings;
  const fixture = (name: string, inVlan: boolean): LabMachine => ({
    name,
    inVlan,
    ask: async (input) => (await exec(name, shell, { input, timeout: 60_000 })).stdout,
  });
  const nodes = await Promise.all(
    deployed().map(async (cluster) =>
      (await nodesOf(cluster)).map(({ metadata: { name } }): LabMachine => {
        return { name, cluster: cluster.name, inVlan: true, ask: (script) => atNode(name, script) };
      }),
    ),
  );
  return [
    ...[office, services, depot, internet, ...domainControllers].map(({ name }) => fixture(name, false)),
    fixture(gateway, true),
    ...plan.hosts.map(({ name }): LabMachine => ({ name, inVlan: true, ask: (script) => atConsole(name, script) })),
    ...nodes.flat(),
  ];
}

/** The lab's name for the perimeter firewall. */
export const gateway = "gw";
