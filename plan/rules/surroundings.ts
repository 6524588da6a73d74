/** Rules about what is there before us: Active Directory and its DNS, mirrors, the CA, vCenter's templates. */
import { nearestParent } from "../forwarders";
import { clusterZone, isBelow } from "../names";
import { eachSite, type Finding, type Rule } from "./rule";

/** kubeadm's own preflight wants as much of the machine that Cluster API runs on. */
const smallestCapi = { cpus: 2, memoryMiB: 1700 } as const;

/** A distinguished name (RFC 4514): attribute=value, separated by commas, at least one. */
const distinguishedName = /^[A-Za-z][A-Za-z0-9-]*=(\\.|[^,\\])+(,\s*[A-Za-z][A-Za-z0-9-]*=(\\.|[^,\\])+)*$/;

/** An OpenSSH public key: type and base64, perhaps a comment. */
const publicKey = /^(ssh|ecdsa|sk)-[a-z0-9@.-]+ [A-Za-z0-9+/]{40,}={0,2}( .*)?$/;

/** A user principal name: account@domain. */
const principalName = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;

const isHttp = (url: string): boolean => /^https?:\/\//.test(url);

export const surroundingsRules: readonly Rule[] = [
  {
    id: "dns-zone-owned",
    states: "Active Directory is not itself authoritative for a cluster's zone.",
    find: (world) =>
      eachZone(world, (site, zone, path, zones) =>
        zones.flatMap((owned, index) =>
          isBelow(owned, zone)
            ? [
                {
                  site,
                  path: `activeDirectory.dns.authoritativeZones[${index}]`,
                  value: owned,
                  problem: `is ${owned === zone ? "" : "part of "}the zone of ${path}, whose DNS would never be asked`,
                  remedy: "have the zone removed from Active Directory, or rename the cluster before it is built",
                },
              ]
            : [],
        ),
      ),
  },
  {
    id: "dns-delegation",
    states:
      "Where Active Directory owns a parent of a cluster's zone, the parent delegates it: a forwarder alone is not asked.",
    find: (world) =>
      eachZone(world, (site, zone, path, zones) => {
        const parent = nearestParent(zone, zones);
        return parent === undefined
          ? []
          : [
              {
                site,
                path,
                value: zone,
                problem: `lies below ${parent}, for which Active Directory is authoritative`,
                remedy: `nothing to do: a delegation in ${parent} is planned beside the forwarder`,
                severity: "notice",
              },
            ];
      }),
  },
  {
    id: "dns-ssh",
    states:
      "Where `up` administers Active Directory's DNS, it has an account there, and the host key of every domain controller.",
    find: (world) =>
      eachSite(world, ["activeDirectory"], (site, { activeDirectory: { dns, servers } }) => {
        const path = "activeDirectory.dns.ssh";
        if (dns.administration === "manual") return [];
        if (dns.ssh === undefined) {
          return [
            {
              site,
              path,
              problem: `is not set, and administration is ${dns.administration}`,
              remedy: "give user and hostKeys (docs/dns.md), or set administration to manual",
            },
          ];
        }
        const { hostKeys } = dns.ssh;
        const names = servers.map(({ name }) => name);
        return [
          ...names
            .filter((name) => !(name in hostKeys))
            .map((name) => ({
              site,
              path: `${path}.hostKeys.${name}`,
              problem: "is not set: nothing would prove that this server is the one meant",
              remedy: `compare \`ssh-keyscan -t ed25519 ${name}\` with the server's own /ProgramData/ssh or /etc/ssh, then set it`,
            })),
          ...Object.entries(hostKeys)
            .filter(([name]) => !names.includes(name))
            .map(([name, value]) => ({
              site,
              path: `${path}.hostKeys.${name}`,
              value,
              problem: "is the key of no server of activeDirectory.servers",
              remedy: "remove it, or write the server's name as it stands there",
            })),
          ...Object.entries(hostKeys)
            .filter(([, value]) => !publicKey.test(value))
            .map(([name, value]) => ({
              site,
              path: `${path}.hostKeys.${name}`,
              value,
              problem: "is no OpenSSH public key",
              remedy: "write type and key, as in ssh-keyscan's answer without the name",
            })),
        ];
      }),
  },
  {
    id: "ldap-name",
    states: "The LDAP bases are distinguished names; the bind user is one, or a user principal name.",
    find: (world) =>
      eachSite(world, ["activeDirectory"], (site, { activeDirectory: { ldap } }) =>
        (
          [
            ["bindUser", ldap.bindUser, distinguishedName.test(ldap.bindUser) || principalName.test(ldap.bindUser)],
            ["userBase", ldap.userBase, distinguishedName.test(ldap.userBase)],
            ["groupBase", ldap.groupBase, distinguishedName.test(ldap.groupBase)],
          ] as const
        )
          .filter(([, , fits]) => !fits)
          .map(([key, value]) => ({
            site,
            path: `activeDirectory.ldap.${key}`,
            value,
            problem: "is not a distinguished name",
            remedy: "write it as CN=dex,OU=Service Accounts,DC=example,DC=org",
          })),
      ),
  },
  {
    id: "acme-url",
    states: "The ACME directory is served over HTTPS.",
    find: (world) =>
      eachSite(world, ["hosts"], (site, { hosts: { auth } }) =>
        auth.certificate.kind === "acme" && !auth.certificate.directory.startsWith("https://")
          ? [
              {
                site,
                path: "hosts.auth.certificate.directory",
                value: auth.certificate.directory,
                problem: "is not an https URL",
                remedy: "use the CA's https URL (RFC 8555 §6.1)",
              },
            ]
          : [],
      ),
  },
  {
    id: "mirror-url",
    states: "Mirrors are http or https URLs.",
    find: (world) =>
      eachSite(world, ["mirrors"], (site, { mirrors }) =>
        (
          [
            ["debian", mirrors.debian],
            ["debianSecurity", mirrors.debianSecurity],
            ["files", mirrors.files],
            ["registry.url", mirrors.registry?.url],
          ] as const
        ).flatMap(([key, url]): Finding[] => {
          return url === undefined || isHttp(url)
            ? []
            : [
                {
                  site,
                  path: `mirrors.${key}`,
                  value: url,
                  problem: "is neither http nor https",
                  remedy: "use http(s)",
                },
              ];
        }),
      ),
  },
  {
    id: "mirror-addresses",
    states: "Mirrors come with their addresses, for the firewall matrix; addresses come with a mirror.",
    find: (world) =>
      eachSite(world, ["mirrors"], (site, { mirrors: { addresses, debian, debianSecurity, files, registry } }) => {
        const named = [debian, debianSecurity, files, registry].some((mirror) => mirror !== undefined);
        return named === addresses.length > 0
          ? []
          : [
              {
                site,
                path: "mirrors.addresses",
                value: addresses,
                problem: named ? "is empty, and gw would let nobody reach the mirrors" : "serves no mirror",
                remedy: named ? "list the mirrors' addresses" : "name the mirrors' URLs, or remove the addresses",
              },
            ];
      }),
  },
  {
    id: "components-registry",
    states: "Charts and providers come from the registry only where mirrors.registry names one.",
    find: (world) =>
      eachSite(world, ["mirrors"], (site, { mirrors: { components, registry } }) =>
        components.kind !== "registry" || registry !== undefined
          ? []
          : [
              {
                site,
                path: "mirrors.components",
                value: components,
                problem: "says registry, and mirrors.registry names none",
                remedy: "name the registry's url, or remove components",
              },
            ],
      ),
  },
  {
    id: "node-template",
    states: "The template of capi and of the nodes is a prepared one.",
    find: (world) =>
      eachSite(world, ["vcenter"], (site, { vcenter: { templates } }) =>
        templates.node.kind === "prepared"
          ? []
          : [
              {
                site,
                path: "vcenter.templates.node.kind",
                value: templates.node.kind,
                problem: "cannot be a node's: kubelet and containerd must be in the template",
                remedy: "build a prepared one (docs/templates.md)",
              },
            ],
      ),
  },
  {
    id: "plain-programs",
    states: "A plain host template comes with the programs that no package holds: URL and SHA-256.",
    find: (world) =>
      eachSite(world, ["vcenter", "programs"], (site, { vcenter: { templates }, programs }) =>
        templates.host.kind === "prepared" || programs.dex !== undefined
          ? []
          : [
              {
                site,
                path: "programs.dex",
                problem: "is missing, and a plain template does not hold dex",
                remedy: "name the archive's url and sha256, or use a prepared template (docs/templates.md)",
              },
            ],
      ),
  },
  {
    id: "capi-size",
    states: `capi has at least ${smallestCapi.cpus} CPUs and ${smallestCapi.memoryMiB} MiB: kubeadm asks for them.`,
    find: (world) =>
      eachSite(world, ["hosts"], (site, { hosts: { capi } }) =>
        capi.size.cpus >= smallestCapi.cpus && capi.size.memoryMiB >= smallestCapi.memoryMiB
          ? []
          : [
              {
                site,
                path: "hosts.capi.size",
                value: capi.size,
                problem: "is too small for a control plane",
                remedy: "leave size out: the default fits",
              },
            ],
      ),
  },
];

function eachZone(
  world: Parameters<Rule["find"]>[0],
  find: (site: string, zone: string, path: string, authoritative: readonly string[]) => readonly Finding[],
): Finding[] {
  return eachSite(world, ["clusters", "parentDomain", "activeDirectory"], (site, draft) =>
    Object.entries(draft.clusters).flatMap(([name, cluster]) =>
      find(
        site,
        clusterZone(site, draft, name, cluster),
        `clusters.${name}`,
        draft.activeDirectory.dns.authoritativeZones,
      ),
    ),
  );
}
