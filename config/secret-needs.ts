/** Which secrets a site needs, by name: the same list is generated, asked for and refused when incomplete. */
import { secretSchemas, type SecretName } from "./secrets";
import type { Site } from "./site";

/** Names, never values. */
export interface SecretNeeds {
  /** Top-level keys that must be set. */
  readonly keys: readonly SecretName[];
  /** Entries that the structured ones must hold, by path below the key. */
  readonly parts: Readonly<Partial<Record<SecretName, readonly string[]>>>;
}

/** The name under which `encryptionKeys` holds the key of the machine `capi`. */
export const capiKey = "capi";

/** The keys of a site file that decide which secrets it needs. */
export type SecretDeciders = Pick<
  Site,
  "hosts" | "bgp" | "clusters" | "activeDirectory" | "managementPlane" | "backups"
>;

/** What `secretNeeds` wants of a draft; undefined where one of the keys is missing or malformed. */
export function secretDeciders(draft: Partial<Site>): SecretDeciders | undefined {
  const { hosts, bgp, clusters, activeDirectory, managementPlane, backups } = draft;
  return hosts && bgp && clusters && activeDirectory && managementPlane && backups
    ? { hosts, bgp, clusters, activeDirectory, managementPlane, backups }
    : undefined;
}

export function secretNeeds(site: SecretDeciders): SecretNeeds {
  const clusters = Object.keys(site.clusters).sort();
  const unneeded: Partial<Record<SecretName, boolean>> = {
    authCertificateKey: site.hosts.auth.certificate.kind !== "provided",
    dnsAdministrationKey:
      site.activeDirectory.dns.administration === "manual" || site.activeDirectory.dns.ssh === undefined,
    managementKubeconfig: site.managementPlane.kind !== "external",
    backupKeys: site.backups.kind === "none",
    backupCredentials: site.backups.kind !== "s3",
    meshCa: Object.values(site.clusters).every((cluster) => cluster.meshWith.length === 0),
  };
  return {
    keys: (Object.keys(secretSchemas) as SecretName[]).filter((key) => unneeded[key] !== true),
    parts: {
      sshHostKeys: ["jump", "auth", ...site.hosts.bgp.map((router) => router.name).sort(), "capi"],
      bgpPasswords: [
        ...(site.bgp.upstream.kind === "bgp" ? ["upstream"] : []),
        ...clusters.map((cluster) => `clusters.${cluster}`),
      ],
      encryptionKeys: [capiKey, ...clusters],
      backupKeys: ["password", ...(site.backups.kind === "ssh" ? ["ssh"] : [])],
    },
  };
}

/** Parts that a secret should hold and does not. */
export const missingParts = (key: SecretName, value: unknown, needs: SecretNeeds): string[] =>
  (needs.parts[key] ?? []).filter((path) => path.split(".").reduce<unknown>(member, value) === undefined);

const member = (value: unknown, key: string): unknown =>
  typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
