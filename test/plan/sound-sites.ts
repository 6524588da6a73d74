/** The example sites, made sound: confirmed, with certificates and keys that are not the examples', so that the check is silent. */
import { parseSiteFiles, readSiteFiles, type SiteFile } from "../../config/site-files";
import { checkSites, type CheckOptions } from "../../plan/check";
import type { Fault } from "../../config/fault";
import { generateMeshCa, generateSshKeyPair } from "../../tools/secret-values";
import { join } from "node:path";

export type Values = Record<string, Record<string, unknown>>;

const root = join(__dirname, "../..");

/** Raw values by site and key, as files hold them. */
export async function soundSites(): Promise<Values> {
  const { certificate } = await generateMeshCa();
  const values: Values = structuredClone(
    Object.fromEntries(readSiteFiles(root).map((file) => [file.site, { ...file.values }])),
  );
  for (const site of Object.keys(values)) {
    set(values, site, "addressesConfirmed", true);
    set(values, site, "vcenter.tls.caCertificate", certificate);
    set(values, site, "activeDirectory.ldap.caCertificate", certificate);
    set(values, site, "activeDirectory.dns.authoritativeZones", []);
    set(values, site, "hosts.auth.certificate.caCertificate", certificate);
    set(values, site, "mirrors.registry.caCertificate", certificate);
    set(values, site, "administrators.keys", [{ name: "alice", publicKey: generateSshKeyPair("alice").publicKey }]);
  }
  return values;
}

/** Sets a value at a path as faults write it (`hosts.bgp[1].address`); undefined removes it. */
export function set(values: Values, site: string, path: string, value: unknown): void {
  const keys = path.split(/[.[\]]+/).filter((key) => key !== "");
  const last = keys.pop() as string;
  const parent = keys.reduce<Record<string, unknown>>(
    (node, key) => (node[key] ??= {}) as Record<string, unknown>,
    (values[site] ??= {}),
  );
  if (value === undefined) delete parent[last];
  else parent[last] = value;
}

/** Values as files of stacks that have their site's name. */
export const asFiles = (values: Values): SiteFile[] =>
  Object.entries(values).map(([site, own]) => ({ stack: site, site, values: own, secrets: [], faults: [] }));

export const faultsOf = (values: Values, options?: CheckOptions): Fault[] =>
  checkSites(parseSiteFiles(asFiles(values)), options);
