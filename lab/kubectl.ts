/** kubectl of the operator in the office, on a deployed cluster or on the management plane, as an administrator. */
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "./lab";
import type { LabIdentity } from "./paths";
import type { RunOptions, RunResult } from "./run";

/** The name by which `lab kubectl` knows the management plane; no cluster may have it (rule cluster-name-reserved). */
export const managementPlane = "capi";

const kubeconfigFile = (lab: LabIdentity, cluster: string): string => join(lab.directory, "kubeconfigs", cluster);

/** What `pulumi up` says of itself, as far as this reads it. */
interface Outputs {
  readonly adminKubeconfigs: { readonly managementPlane: string; readonly clusters: Readonly<Record<string, string>> };
}

/** Takes the administrators' kubeconfigs out of the stack; returns the clusters' names. */
export async function fetchKubeconfigs({ identity, pulumi }: Lab): Promise<readonly string[]> {
  const { stdout } = await pulumi(["stack", "output", "--json", "--show-secrets"]);
  const { adminKubeconfigs } = JSON.parse(stdout) as Outputs;
  const { clusters } = adminKubeconfigs;
  await mkdir(join(identity.directory, "kubeconfigs"), { recursive: true, mode: 0o700 });
  const all = { ...clusters, [managementPlane]: adminKubeconfigs.managementPlane };
  for (const [name, text] of Object.entries(all)) {
    await writeFile(kubeconfigFile(identity, name), text, { mode: 0o600 });
  }
  return Object.keys(clusters);
}

/** The command line of kubectl on a cluster; to be run with the office's network. Throws where `up` has made no such cluster. */
export function kubectlCommand(lab: LabIdentity, kubectl: string, cluster: string, args: readonly string[]): string[] {
  const file = kubeconfigFile(lab, cluster);
  if (!existsSync(file))
    throw new Error(`kubectl: this lab has no cluster ${cluster} (${managementPlane}: the management plane)`);
  return [kubectl, `--kubeconfig=${file}`, ...args];
}

/** Runs kubectl as the operator. */
export function kubectl(
  { identity, operator, prepared }: Lab,
  cluster: string,
  args: readonly string[],
  options: Omit<RunOptions, "env"> = {},
): Promise<RunResult> {
  return operator.run(kubectlCommand(identity, prepared.toolchain.paths.kubectl, cluster, args), options);
}
