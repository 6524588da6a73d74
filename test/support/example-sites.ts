/** The repository's two stack files as typed sites, for tests that want a whole and real region. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { siteSchema, type Site } from "../../config/site";

const PREFIX = "kubernetes-vsphere:";

/** Both example sites by name, freshly parsed at each call. */
export function exampleSites(): Record<"siziano" | "dr", Site> {
  const read = (name: string): Site => {
    const { config } = parse(readFileSync(join(__dirname, "../..", `Pulumi.${name}.yaml`), "utf8"));
    const site = Object.entries(config).map(([key, value]) => [key.slice(PREFIX.length), value]);
    return siteSchema.parse(Object.fromEntries(site));
  };
  return { siziano: read("siziano"), dr: read("dr") };
}
