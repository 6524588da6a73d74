/** Rules about names: what DNS, hosts and Cilium take. */
import { meshName } from "../names";
import { eachSite, repeated, type Finding, type Rule, type World } from "./rule";

/** A label as host names have it (RFC 1123 §2.1), in lower case. */
const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

const isLabel = (text: string): boolean => label.test(text);

/** A domain name with at least two labels; 253 characters at most (RFC 1035 §2.3.4). */
const isDomain = (text: string): boolean =>
  text.length <= 253 && text.includes(".") && text.split(".").every(isLabel) && !/^[\d.]+$/.test(text);

const isAddress = (text: string): boolean => /^\d+(\.\d+){3}$/.test(text);

/** A name or address, perhaps with a port. */
const isEndpoint = (text: string): boolean => {
  const host = text.replace(/:\d{1,5}$/, "");
  return isDomain(host) || isAddress(host);
};

/** Names that the region's own machines and objects have. */
export const reservedHosts = ["jump", "auth", "capi", "gw", "k8s-api"];

/** Accounts that exist on every host before the administrators'. */
const reservedAccounts = [
  ...[
    "root",
    "deploy",
    "daemon",
    "bin",
    "sys",
    "sync",
    "games",
    "man",
    "lp",
    "mail",
    "news",
    "uucp",
    "proxy",
    "nobody",
  ],
  ...["www-data", "backup", "list", "irc", "sshd", "messagebus", "frr", "frrvty", "dex", "chrony", "_chrony", "sudo"],
];

/** Cilium's limit for a cluster's name. */
const longestMeshName = 32;

type Named = readonly [path: string, value: string, fits: boolean, shape: string];

function namesOf(world: World): Finding[] {
  return Object.entries(world.drafts).flatMap(([site, draft]) => {
    const domain = (path: string, value: string | undefined): Named[] =>
      value === undefined ? [] : [[path, value, isDomain(value), "a domain name in lower case"]];
    const { activeDirectory: ad, vcenter, hosts, clusters } = draft;
    const names: Named[] = [
      ["", site, isLabel(site), "a DNS label: it becomes part of every name"],
      ...domain("parentDomain", draft.parentDomain),
      ...domain("hostZone", draft.hostZone),
      ...domain("activeDirectory.domain", ad?.domain),
      ...domain("activeDirectory.ldap.certificateName", ad?.ldap.certificateName),
      ...Object.entries(clusters ?? {}).flatMap(([name, cluster]) => [
        ...domain(`clusters.${name}.zone`, cluster.zone),
        ...domain(`clusters.${name}.apiName`, cluster.apiName),
      ]),
      ...(ad?.servers ?? []).flatMap((each, index) => domain(`activeDirectory.servers[${index}].name`, each.name)),
      ...(ad?.dns.authoritativeZones ?? []).flatMap((zone, index) =>
        domain(`activeDirectory.dns.authoritativeZones[${index}]`, zone),
      ),
      ...(hosts?.bgp ?? []).map((router, index): Named => [
        `hosts.bgp[${index}].name`,
        router.name,
        isLabel(router.name),
        "a DNS label",
      ]),
      ...(vcenter
        ? [["vcenter.server", vcenter.server, isEndpoint(vcenter.server), "a name or address"] as Named]
        : []),
    ];
    return names
      .filter(([, , fits]) => !fits)
      .map(([path, value, , shape]) => ({
        site,
        path,
        value,
        problem: `is not ${shape}`,
        remedy: "use lower-case letters, digits and hyphens between dots",
      }));
  });
}

export const nameRules: readonly Rule[] = [
  { id: "dns-name", states: "Names are what DNS takes, in lower case.", find: namesOf },
  {
    id: "duplicate-host",
    states: `Routers have names of their own, and none of ${reservedHosts.join(", ")}.`,
    find: (world) =>
      eachSite(world, ["hosts"], (site, { hosts }) => {
        const routers = hosts.bgp.map((router, index) => ({ name: router.name, path: `hosts.bgp[${index}].name` }));
        const reserved = reservedHosts.map((name) => ({ name, path: "the region's own names" }));
        return repeated([...reserved, ...routers], ({ name }) => name).map(([router, holder]) => ({
          site,
          path: router.path,
          value: router.name,
          problem: `is already taken by ${holder.path}`,
          remedy: "name routers bgp1, bgp2, …",
        }));
      }),
  },
  {
    id: "duplicate-network-name",
    states: "Intranet networks of a site have names of their own.",
    find: (world) =>
      eachSite(world, ["intranet"], (site, { intranet }) =>
        repeated(
          intranet.map((network, index) => ({ name: network.name, path: `intranet[${index}].name` })),
          ({ name }) => name,
        ).map(([network, holder]) => ({
          site,
          path: network.path,
          value: network.name,
          problem: `is already ${holder.path}`,
          remedy: "rename one of them",
        })),
      ),
  },
  {
    id: "account-reserved",
    states: "Administrators' accounts are none that a host has already.",
    find: (world) =>
      eachSite(world, ["administrators"], (site, { administrators }) =>
        administrators.keys.flatMap(({ name }, index) =>
          reservedAccounts.includes(name) || name.startsWith("systemd-")
            ? [
                {
                  site,
                  path: `administrators.keys[${index}].name`,
                  value: name,
                  problem: "is an account that the hosts have already",
                  remedy: "give each person an account of their own",
                },
              ]
            : [],
        ),
      ),
  },
  {
    id: "cluster-name-reserved",
    states: "No cluster is called capi: the management plane's own keys go by that name.",
    find: ({ facts }) =>
      facts.clusters
        .filter(({ name }) => name === "capi")
        .map(({ site, path, name }) => ({
          site,
          path,
          value: name,
          problem: "is the management plane's name",
          remedy: "choose another name; it is for life",
        })),
  },
  {
    id: "mesh-name-length",
    states: `{site}-{cluster}, Cilium's name of a cluster, has at most ${longestMeshName} characters.`,
    find: ({ facts }) =>
      facts.clusters
        .map((each) => ({ ...each, mesh: meshName(each.site, each.name, each.cluster) }))
        .filter(({ mesh }) => mesh.length > longestMeshName)
        .map(({ site, path, name, mesh }) => ({
          site,
          path,
          value: name,
          problem: `makes ${mesh}, ${mesh.length} characters, and Cilium takes ${longestMeshName}`,
          remedy: "choose a shorter name or a meshName; they are for life",
        })),
  },
];
