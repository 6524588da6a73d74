/** What the stack's state says. */
import { lab } from "./lab";

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  readonly inputs?: { readonly triggers?: readonly unknown[] };
}

interface Deployment {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly { readonly resource: StateResource; readonly type: string }[];
}

export async function deployment(): Promise<Deployment> {
  const { stdout } = await lab().pulumi(["stack", "export"]);
  return (JSON.parse(stdout) as { deployment: Deployment }).deployment;
}

/** The URN of a resource by its name. Throws where there is none, or more than one. */
export async function urnOf(name: string): Promise<string> {
  const { resources = [] } = await deployment();
  const found = resources.filter(({ urn }) => urn.endsWith(`::${name}`));
  if (found.length !== 1) throw new Error(`${found.length} resources are called ${name}`);
  return found[0].urn;
}
