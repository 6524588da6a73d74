import { surroundingsOf } from "../../lab/surroundings";
import { isInside, spanOf } from "../../plan/cidr";
import { exampleSites } from "../support/example-sites";

test.each(["siziano", "dr"] as const)(
  "around %s every server has the address of the site file, inside its LAN",
  (name) => {
    const site = exampleSites()[name];
    const around = surroundingsOf(site);
    const addresses = (each: { addresses: readonly string[] }) => each.addresses;
    expect(around.domainControllers.flatMap(addresses)).toEqual(
      site.activeDirectory.servers.map(({ address }) => address),
    );
    expect(around.vcenter.addresses).toEqual([site.vcenter.address]);
    expect(around.services.addresses).toEqual(site.syslog.map(({ address }) => address));
    expect(around.networks.vlan).toMatchObject({ cidr: site.vlan.cidr, gateway: site.vlan.gateway });
    expect(around.backups?.addresses).toEqual(site.backups.kind === "ssh" ? [site.backups.address] : undefined);
    const { domainControllers, vcenter, services, backups, depot, office } = around;
    const neighbours = [...domainControllers, vcenter, services, ...(backups ? [backups] : []), depot, office];
    for (const { network, addresses: own } of neighbours) {
      for (const address of own) expect(isInside(spanOf(address), spanOf(network.cidr))).toBe(true);
    }
    const all = neighbours.flatMap(addresses);
    expect(new Set(all).size).toBe(all.length);
    expect(all).not.toContain(around.networks.servers.gateway);
    expect(all).not.toContain(around.networks.office.gateway);
  },
);

test("a server outside every network of the site file is refused with what to add", () => {
  const site = exampleSites().siziano;
  const moved = { ...site, vcenter: { ...site.vcenter, address: "192.168.99.20" } };
  expect(() => surroundingsOf(moved)).toThrow(/192\.168\.99\.20.*add it to `intranet`/s);
});

test("a time server that is no domain controller is served by the services machine", () => {
  const site = exampleSites().siziano;
  expect(surroundingsOf({ ...site, ntp: ["192.168.10.40"] }).services.addresses).toEqual([
    "192.168.10.30",
    "192.168.10.40",
  ]);
});
