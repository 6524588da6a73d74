/** A stack's configuration as the engine hands it to the program. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { Secrets } from "../../config/secrets";
import { repository } from "../../lab/paths";

/** Name of the project, as in Pulumi.yaml. */
export const project = "kubernetes-vsphere";

/** A configuration in the form that the engine gives a program: texts by their full key, and which keys are secrets. */
export interface StackConfiguration {
  readonly values: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
}

/** The configuration of the example stack, with changed top-level keys and with secrets. */
export function stackConfiguration(
  stack: string,
  secrets: Partial<Secrets>,
  changes: Readonly<Record<string, unknown>> = {},
): StackConfiguration {
  const file = readFileSync(join(repository, `Pulumi.${stack}.yaml`), "utf8");
  const { config } = parse(file) as { config: Record<string, unknown> };
  const own = Object.fromEntries(Object.entries(changes).map(([key, value]) => [`${project}:${key}`, value]));
  const secretEntries = Object.entries(secrets).map(([key, value]): [string, unknown] => [`${project}:${key}`, value]);
  const all = Object.entries({ ...config, ...own, ...Object.fromEntries(secretEntries) });
  return {
    values: Object.fromEntries(
      all.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
    ),
    secretKeys: secretEntries.map(([key]) => key),
  };
}

/** Sets it for the program that this process runs next. */
export function configureStack(...of: Parameters<typeof stackConfiguration>): void {
  const { values, secretKeys } = stackConfiguration(...of);
  pulumi.runtime.setAllConfig(values, [...secretKeys]);
}
