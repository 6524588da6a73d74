/** A stack's configuration as the engine hands it to the program. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import type { Secrets } from "../../config/secrets";

/** Name of the project, as in Pulumi.yaml. */
export const project = "kubernetes-vsphere";

/** Sets the configuration of the example stack, with changed top-level keys and with secrets. */
export function configureStack(
  stack: string,
  secrets: Partial<Secrets>,
  changes: Readonly<Record<string, unknown>> = {},
): void {
  const file = readFileSync(join(__dirname, "../..", `Pulumi.${stack}.yaml`), "utf8");
  const { config } = parse(file) as { config: Record<string, unknown> };
  const own = Object.fromEntries(Object.entries(changes).map(([key, value]) => [`${project}:${key}`, value]));
  const secretEntries = Object.entries(secrets).map(([key, value]): [string, unknown] => [`${project}:${key}`, value]);
  const all = Object.entries({ ...config, ...own, ...Object.fromEntries(secretEntries) });
  pulumi.runtime.setAllConfig(
    Object.fromEntries(all.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)])),
    secretEntries.map(([key]) => key),
  );
}
