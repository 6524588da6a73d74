/** What a stack's state says, by `pulumi stack export`. */
import { z } from "zod";

const resourceSchema = z.object({
  urn: z.string(),
  type: z.string(),
  id: z.string().optional(),
  parent: z.string().optional(),
  /** URN and id of its provider. */
  provider: z.string().optional(),
  inputs: z.record(z.string(), z.unknown()).default({}),
});

/** What we rely on in a deployment; the rest is ignored. Source: pulumi sdk/go/common/apitype `DeploymentV3`. */
const exportSchema = z.object({
  deployment: z.object({
    resources: z.array(resourceSchema).nullish(),
    pending_operations: z.array(z.object({ resource: resourceSchema, type: z.string() })).nullish(),
  }),
});

export type StateResource = z.output<typeof resourceSchema>;

/** Something that a run began, and of which state does not know how it ended. */
export interface PendingOperation {
  readonly resource: StateResource;
  /** `creating`, `updating`, `deleting`, `reading`, `importing`. */
  readonly type: string;
}

export interface State {
  readonly resources: readonly StateResource[];
  readonly pending: readonly PendingOperation[];
}

/** Throws where the text is no state of a version that is understood. */
export function parseState(text: string): State {
  const { deployment } = exportSchema.parse(JSON.parse(text));
  return { resources: deployment.resources ?? [], pending: deployment.pending_operations ?? [] };
}

/** The name that the program gave a resource. */
export const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");
