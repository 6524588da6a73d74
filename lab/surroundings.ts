/** What lies around the region in the lab, derived from the site file: networks, machines, and who has which address. */
import type { Site } from "../config/site";
import { addressAt, isInside, prefixLengthOf, spanOf } from "../plan/cidr";

/** A bridge of the lab's switch. */
export type Bridge = "vlan" | "office" | "servers" | "inet";

export interface Network {
  readonly bridge: Bridge;
  readonly cidr: string;
  /** gw's address in it. */
  readonly gateway: string;
}

/** A machine of the office or server LAN, or of the lab's internet. */
export interface Neighbour {
  readonly name: string;
  readonly network: Network;
  readonly addresses: readonly string[];
}

export interface Surroundings {
  readonly networks: Readonly<Record<Bridge, Network>>;
  /** The domain controllers, in the site file's order. */
  readonly domainControllers: readonly Neighbour[];
  readonly vcenter: Neighbour;
  /** Receives syslog; also serves time where the site names servers other than the domain controllers. */
  readonly services: Neighbour;
  /** Takes the backups; absent where they go to no SSH server. */
  readonly backups?: Neighbour;
  /** The site's CA (ACME) and its package mirror. */
  readonly depot: Neighbour;
  readonly certificateAuthority: string;
  readonly mirror: string;
  /** Where people sit, and where `up` runs. */
  readonly office: Neighbour;
  readonly internet: Neighbour;
}

/** The lab's internet (RFC 5737, TEST-NET-2): no site can use it for itself. */
const internetCidr = "198.51.100.0/24";
/** Host numbers of machines that no site file names. */
const hostNumber = { gateway: 1, workstation: 10, web: 10 };

function networkOf(site: Site, bridge: Bridge, purpose: string, addresses: readonly string[]): Network {
  const networks = [...site.intranet.map(({ cidr }) => cidr), ...site.access.sources];
  const found = networks.find((cidr) => addresses.every((address) => isInside(spanOf(address), spanOf(cidr))));
  if (!found) {
    throw new Error(
      `${purpose} (${addresses.join(", ")}): the lab has one LAN for them, and no network of \`intranet\` or ` +
        "`access.sources` holds them all; add it to `intranet` of the site file",
    );
  }
  return { bridge, cidr: found, gateway: addressAt(found, hostNumber.gateway) };
}

/** Throws where the site's servers do not fit into one server LAN and one office LAN, which is all that the lab has. */
export function surroundingsOf(site: Site): Surroundings {
  const controllers = site.activeDirectory.servers;
  const certificate = site.hosts.auth.certificate;
  if (certificate.kind !== "acme") throw new Error("hosts.auth.certificate: the lab's CA speaks ACME; set kind: acme");
  const [mirror] = site.mirrors.addresses;
  if (!mirror) throw new Error("mirrors.addresses: the lab has no other source of packages; name the mirror's address");
  const inServers = [site.vcenter.address, ...controllers.map(({ address }) => address)];
  const services = new Set([...site.syslog.map(({ address }) => address), ...site.ntp]);
  for (const { address } of controllers) services.delete(address);
  const backups = site.backups.kind === "ssh" ? [site.backups.address] : [];
  const servers = networkOf(site, "servers", "vCenter, Active Directory, backup, syslog and time servers", [
    ...inServers,
    ...services,
    ...backups,
  ]);
  const depot = [...new Set([certificate.server, ...site.mirrors.addresses])];
  const office = networkOf(site, "office", "CA and package mirror", depot);
  const vlan: Network = { bridge: "vlan", cidr: site.vlan.cidr, gateway: site.vlan.gateway };
  const inet: Network = { bridge: "inet", cidr: internetCidr, gateway: addressAt(internetCidr, hostNumber.gateway) };
  return {
    networks: { vlan, office, servers, inet },
    domainControllers: controllers.map(({ name, address }) => ({
      name: name.split(".")[0],
      network: servers,
      addresses: [address],
    })),
    vcenter: { name: "vcenter", network: servers, addresses: [site.vcenter.address] },
    services: { name: "services", network: servers, addresses: [...services] },
    ...(backups.length > 0 ? { backups: { name: "backups", network: servers, addresses: backups } } : {}),
    depot: { name: "depot", network: office, addresses: depot },
    certificateAuthority: certificate.server,
    mirror,
    office: { name: "office", network: office, addresses: [addressAt(office.cidr, hostNumber.workstation)] },
    internet: { name: "internet", network: inet, addresses: [addressAt(inet.cidr, hostNumber.web)] },
  };
}

/** An address with its network's prefix length, as interfaces want it. */
export function interfaceAddress(network: Network, address: string): string {
  return `${address}/${prefixLengthOf(network.cidr)}`;
}
