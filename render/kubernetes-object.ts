/** A Kubernetes object as data: what an API server takes, before anything wraps it. */
import { createHash } from "node:crypto";

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** A Secret without its values: they come as Outputs, beside it. */
export interface SecretObject extends KubernetesObject {
  readonly kind: "Secret";
  readonly type: string;
}

/**
 * Eight hexadecimal digits that follow from the content alone, not from the order of keys: the end of the name of an
 * object that must never change once something refers to it.
 */
export function contentHash(content: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(sorted(content)))
    .digest("hex")
    .slice(0, 8);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, child]) => child !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, child]) => [key, sorted(child)]));
}
