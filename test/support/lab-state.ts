/** What the stack's state says. */
import { runtime } from "@pulumi/pulumi";
import { lab } from "./lab";

export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly id?: string;
  /** Only read: the stack did not make it. */
  readonly external?: boolean;
  /** URN and id of its provider. */
  readonly provider?: string;
  readonly inputs?: Readonly<Record<string, unknown>> & { readonly triggers?: readonly unknown[] };
}

interface Deployment {
  readonly resources?: readonly StateResource[];
  readonly pending_operations?: readonly { readonly resource: StateResource; readonly type: string }[];
}

export async function deployment(): Promise<Deployment> {
  const { stdout } = await lab().pulumi(["stack", "export"]);
  return (JSON.parse(stdout) as { deployment: Deployment }).deployment;
}

/** A value of the state without the secrets in it, which are encrypted there. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  if (runtime.specialSigKey in value) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withoutSecrets(child)]));
}

/** The URN of a resource by its name. Throws where there is none, or more than one. */
export async function urnOf(name: string): Promise<string> {
  const { resources = [] } = await deployment();
  const found = resources.filter(({ urn }) => urn.endsWith(`::${name}`));
  if (found.length !== 1) throw new Error(`${found.length} resources are called ${name}`);
  return found[0].urn;
}
