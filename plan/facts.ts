/**
 * What the rules compare: every address, network, slice and cluster of all sites, parsed once, each with its path.
 *
 * Sites may be incomplete (their other keys were malformed). A text that does not parse keeps its problem and has no
 * value, so one rule reports it and the others pass it over.
 */
import type { SiteDraft } from "../config/parse-site";
import type { Site } from "../config/site";
import { nodeRange } from "./addresses";
import { AddressError, spanOf, spanOfRange, type Span } from "./cidr";

export type Drafts = Readonly<Record<string, SiteDraft>>;

/** A text of the site file that stands for addresses. */
export interface Fact {
  readonly site: string;
  readonly path: string;
  readonly text: string;
  readonly span?: Span;
  readonly problem?: string;
}

/** A single address: a machine of the VLAN, or a server elsewhere. */
export interface AddressFact extends Fact {
  readonly place: "vlan" | "outside";
}

export interface NetworkFact extends Fact {
  readonly kind: "vlan" | "pods" | "balancers" | "services" | "intranet" | "source";
}

/** A range of nodes. */
export interface SliceFact extends Fact {
  readonly cluster: string;
}

export interface ClusterFact {
  readonly site: string;
  readonly name: string;
  /** `clusters.{name}` */
  readonly path: string;
  readonly cluster: Site["clusters"][string];
}

export interface Facts {
  readonly addresses: readonly AddressFact[];
  readonly networks: readonly NetworkFact[];
  readonly slices: readonly SliceFact[];
  readonly clusters: readonly ClusterFact[];
  /** Parsed VLANs and their `.100–.249` by site; a malformed or too small VLAN is not there. */
  readonly vlans: ReadonlyMap<string, { readonly vlan: Span; readonly nodes: Span }>;
}

export function collectFacts(drafts: Drafts): Facts {
  const sites = Object.entries(drafts).sort(([a], [b]) => (a < b ? -1 : 1));
  const clusters = sites.flatMap(([site, draft]) =>
    Object.entries(draft.clusters ?? {}).map(([name, cluster]) => ({
      site,
      name,
      path: `clusters.${name}`,
      cluster,
    })),
  );
  return {
    clusters,
    addresses: [
      ...sites.flatMap(([site, draft]) => siteAddresses(site, draft)),
      ...clusters.map((each) => address(each.site, `${each.path}.apiVip`, each.cluster.apiVip, "vlan")),
    ],
    networks: [
      ...sites.flatMap(([site, draft]) => siteNetworks(site, draft)),
      ...clusters.flatMap((each) => [
        network(each.site, `${each.path}.pods`, each.cluster.pods, "pods"),
        network(each.site, `${each.path}.balancers`, each.cluster.balancers, "balancers"),
      ]),
    ],
    slices: clusters.flatMap((each) =>
      each.cluster.nodeRanges.map((text, index) => ({
        ...fact(each.site, `${each.path}.nodeRanges[${index}]`, text, "range"),
        cluster: each.name,
      })),
    ),
    vlans: new Map(sites.flatMap(([site, draft]) => vlanSpans(site, draft))),
  };
}

function siteAddresses(site: string, draft: SiteDraft): AddressFact[] {
  const { hosts, vlan, bgp, vcenter, activeDirectory, ntp, syslog, mirrors, backups } = draft;
  const inVlan: [string, string][] = [
    ...(vlan ? [["vlan.gateway", vlan.gateway] as [string, string]] : []),
    ...(hosts ? hostAddresses(hosts) : []),
    ...(bgp?.upstream.kind === "static"
      ? [["bgp.upstream.sharedAddress", bgp.upstream.sharedAddress] as [string, string]]
      : []),
  ];
  const certificate = hosts?.auth.certificate;
  const outside: [string, string][] = [
    ...(vcenter ? [["vcenter.address", vcenter.address] as [string, string]] : []),
    ...indexed(
      "activeDirectory.servers",
      activeDirectory?.servers.map((server) => server.address),
      ".address",
    ),
    ...indexed("ntp", ntp),
    ...indexed(
      "syslog",
      syslog?.map((server) => server.address),
      ".address",
    ),
    ...indexed("mirrors.addresses", mirrors?.addresses),
    ...(backups === undefined || backups.kind === "none"
      ? []
      : [["backups.address", backups.address] as [string, string]]),
    ...(certificate?.kind === "acme"
      ? [["hosts.auth.certificate.server", certificate.server] as [string, string]]
      : []),
  ];
  return [
    ...inVlan.map(([path, text]) => address(site, path, text, "vlan")),
    ...outside.map(([path, text]) => address(site, path, text, "outside")),
  ];
}

const hostAddresses = (hosts: Site["hosts"]): [string, string][] => [
  ["hosts.jump.address", hosts.jump.address],
  ["hosts.auth.address", hosts.auth.address],
  ...indexed(
    "hosts.bgp",
    hosts.bgp.map((router) => router.address),
    ".address",
  ),
  ["hosts.capi.address", hosts.capi.address],
];

function siteNetworks(site: string, draft: SiteDraft): NetworkFact[] {
  const { vlan, serviceCidr, intranet, administrators, access, users, balancerClients } = draft;
  return [
    ...(vlan ? [network(site, "vlan.cidr", vlan.cidr, "vlan")] : []),
    ...(serviceCidr === undefined ? [] : [network(site, "serviceCidr", serviceCidr, "services")]),
    ...indexed(
      "intranet",
      intranet?.map((each) => each.cidr),
      ".cidr",
    ).map(([path, text]) => network(site, path, text, "intranet")),
    ...[
      ...indexed("administrators.sources", administrators?.sources),
      ...indexed("access.sources", access?.sources),
      ...indexed("users.sources", users?.sources),
      ...indexed("balancerClients", balancerClients),
    ].map(([path, text]) => network(site, path, text, "source")),
  ];
}

const indexed = (path: string, texts: readonly string[] | undefined, suffix = ""): [string, string][] =>
  (texts ?? []).map((text, index) => [`${path}[${index}]${suffix}`, text]);

const address = (site: string, path: string, text: string, place: AddressFact["place"]): AddressFact => ({
  ...fact(site, path, text, "address"),
  place,
});

const network = (site: string, path: string, text: string, kind: NetworkFact["kind"]): NetworkFact => ({
  ...fact(site, path, text, "cidr"),
  kind,
});

const separators = { address: undefined, cidr: "/", range: "-" } as const;
const shapes = {
  address: "is not an IPv4 address",
  cidr: "is not a CIDR",
  range: "is not a range first-last",
} as const;

function fact(site: string, path: string, text: string, shape: keyof typeof separators): Fact {
  const separator = separators[shape];
  const fits = separator === undefined ? !/[/-]/.test(text) : text.includes(separator);
  if (!fits) return { site, path, text, problem: shapes[shape] };
  try {
    return { site, path, text, span: spanOf(text) };
  } catch (error) {
    if (error instanceof AddressError) return { site, path, text, problem: error.message };
    throw error;
  }
}

function vlanSpans(site: string, draft: SiteDraft): [string, { vlan: Span; nodes: Span }][] {
  if (draft.vlan === undefined) return [];
  const { span } = fact(site, "vlan.cidr", draft.vlan.cidr, "cidr");
  try {
    return span === undefined ? [] : [[site, { vlan: span, nodes: spanOfRange(nodeRange(draft.vlan.cidr)) }]];
  } catch (error) {
    if (error instanceof AddressError) return [];
    throw error;
  }
}
