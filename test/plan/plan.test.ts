import * as fc from "fast-check";
import { checkSites } from "../../plan/check";
import { isInside, overlaps, spanOf, spanOfRange, type Span } from "../../plan/cidr";
import type { RegionPlan, Sites } from "../../plan/model";
import { planRegion } from "../../plan/plan";
import { buildCluster, buildSite, sitesArbitrary } from "./arbitraries";

const plans = (sites: Sites): RegionPlan[] => Object.keys(sites).map((name) => planRegion(sites, name));

/** Enough to meet every combination of upstream, path, mirrors and mesh several times; a hundred take half a minute. */
fc.configureGlobal({ numRuns: 50 });

/** Holds for every site of random sets of sites. */
const always = (property: (all: RegionPlan[], sites: Sites) => void): void =>
  fc.assert(fc.property(sitesArbitrary, (sites) => property(plans(sites), sites)));

function expectDisjoint(spans: readonly Span[]): void {
  const sorted = [...spans].sort((a, b) => (a.first < b.first ? -1 : 1));
  sorted.slice(1).forEach((span, index) => expect(overlaps(span, sorted[index] as Span)).toBe(false));
}

const expectUnique = (values: readonly unknown[]): void => expect(new Set(values).size).toBe(values.length);

test("random sites pass the check, so that the properties below are about sites that may be built", () => {
  fc.assert(
    fc.property(sitesArbitrary, (drafts) => {
      const errors = checkSites({ drafts, faults: [] }).filter(({ severity }) => severity === "error");
      // The provided certificate is an empty text here: it takes part in no address.
      expect(errors.filter(({ rule }) => rule !== "provided-certificate")).toEqual([]);
    }),
  );
});

test("VLANs, pods, balancers and services are disjoint over all sites", () => {
  always((all) =>
    expectDisjoint([
      ...all.map((plan) => spanOf(plan.vlan.cidr)),
      ...all.flatMap((plan) => plan.clusters.flatMap(({ pods, balancers }) => [spanOf(pods), spanOf(balancers)])),
      ...[...new Set(all.flatMap((plan) => plan.clusters.map(({ services }) => services)))].map(spanOf),
    ]),
  );
});

test("fixed addresses are inside the VLAN and outside the nodes' range; slices inside it, and disjoint", () => {
  always((all) => {
    for (const { vlan, hosts, clusters, bgp } of all) {
      const shared = bgp.upstream.kind === "static" ? [bgp.upstream.sharedAddress] : [];
      for (const address of [
        vlan.gateway,
        ...shared,
        ...hosts.map((host) => host.address),
        ...clusters.map((c) => c.apiVip),
      ]) {
        expect(isInside(spanOf(address), spanOf(vlan.cidr))).toBe(true);
        expect(overlaps(spanOf(address), spanOfRange(vlan.nodes))).toBe(false);
      }
      const slices = clusters.flatMap((cluster) => cluster.nodeRanges.map(spanOfRange));
      for (const slice of slices) expect(isInside(slice, spanOfRange(vlan.nodes))).toBe(true);
      expectDisjoint(slices);
    }
  });
});

test("addresses, names, ids and AS numbers are unique", () => {
  always((all) => {
    expectUnique(
      all.flatMap((plan) => [
        ...plan.hosts.map((host) => host.address),
        ...plan.clusters.map((c) => c.apiVip),
        plan.vlan.gateway,
      ]),
    );
    expectUnique(all.flatMap((plan) => plan.hosts.map((host) => host.fqdn)));
    expectUnique(all.flatMap((plan) => plan.hosts.map((host) => host.vmName)));
    const clusters = all.flatMap((plan) => plan.clusters);
    for (const key of ["id", "asn", "zone", "apiName", "dnsAddress", "meshName"] as const) {
      expectUnique(clusters.map((cluster) => cluster[key]));
    }
    expectUnique([...clusters.map((cluster) => cluster.asn), ...all.map((plan) => plan.bgp.routersASN)]);
    for (const plan of all) {
      expectUnique(plan.bgp.routers.map((router) => router.vrrpPriority));
      expectUnique(plan.flows.map((flow) => flow.id));
      expectUnique(plan.firewall.map((rule) => rule.id));
      expectUnique(
        plan.firewall.map(({ source, destination, protocol, ports }) =>
          JSON.stringify([source, destination, protocol, ports]),
        ),
      );
      expectUnique(plan.dns.records.map(({ name, type }) => `${type} ${name}`));
    }
  });
});

test("a cluster's DNS is .10 of its balancers, and its forwarder leads there", () => {
  always((all) => {
    for (const { clusters, dns } of all) {
      for (const { balancers, dnsAddress, zone } of clusters) {
        expect(dnsAddress).toBe(balancers.replace(/0\/24$/, "10"));
        expect(dns.forwarders.find((forwarder) => forwarder.zone === zone)?.address).toBe(dnsAddress);
      }
    }
  });
});

test("routers let each cluster speak from its own slice, and for its own balancers, only", () => {
  always((all) => {
    for (const { bgp, clusters } of all) {
      const owners = bgp.groups.flatMap((group) => group.nodes.map((address) => ({ address, cluster: group.cluster })));
      expectUnique(owners.map(({ address }) => address));
      for (const { address, cluster } of owners) {
        const plan = clusters.find(({ name }) => name === cluster);
        expect(plan?.nodeRanges.some((range) => isInside(spanOf(address), spanOfRange(range)))).toBe(true);
      }
      for (const group of bgp.groups) expect(group.maximumPrefixes).toBeLessThanOrEqual(256);
      const northbound = bgp.upstream.kind === "bgp" ? 1 : 0;
      expect(bgp.sessions).toHaveLength(bgp.routers.length * (clusters.length + northbound));
    }
  });
});

test("the order of clusters, pools and routers in the file, and of the sites, changes nothing", () => {
  always((all, sites) => {
    const reversed = Object.fromEntries(
      Object.entries(sites)
        .reverse()
        .map(([name, site]) => [
          name,
          {
            ...site,
            clusters: Object.fromEntries(Object.entries(site.clusters).reverse()),
            hosts: { ...site.hosts, bgp: [...site.hosts.bgp].reverse() },
          },
        ]),
    );
    for (const plan of all) expect(planRegion(reversed, plan.site)).toEqual(plan);
  });
});

test("another site changes nothing in a region that is not meshed with it", () => {
  fc.assert(
    fc.property(sitesArbitrary, (sites) => {
      const added = buildSite(200, {
        upstream: "bgp",
        path: "jump",
        certificate: false,
        mirrored: true,
        routers: 2,
        clusters: [],
      });
      for (const name of Object.keys(sites)) {
        expect(planRegion({ ...sites, added }, name)).toEqual(planRegion(sites, name));
      }
    }),
  );
});

test("another cluster changes nothing of those that were there", () => {
  always((all, sites) => {
    for (const before of all.filter((plan) => plan.clusters.length > 0)) {
      const site = sites[before.site] as Sites[string];
      const extra = buildCluster(
        180,
        1,
        before.vlan.cidr.replace(/0\/24$/, "90"),
        before.vlan.cidr.replace(/0\/24$/, "249") + "-" + before.vlan.cidr.replace(/0\/24$/, "249"),
      );
      const after = planRegion(
        { ...sites, [before.site]: { ...site, clusters: { ...site.clusters, added: extra } } },
        before.site,
      );
      expect(after.hosts).toEqual(before.hosts);
      expect(after.clusters.filter(({ name }) => name !== "added")).toEqual(before.clusters);
      expect(after.bgp.groups.filter(({ cluster }) => cluster !== "added")).toEqual(before.bgp.groups);
      expect(after.dns.records).toEqual(expect.arrayContaining([...before.dns.records]));
    }
  });
});

test("the same sites give the same bytes", () => {
  always((all, sites) => expect(JSON.stringify(plans(structuredClone(sites) as Sites))).toBe(JSON.stringify(all)));
});

test("an unknown site is refused with the known ones", () => {
  expect(() => planRegion({}, "nowhere")).toThrow("site nowhere: no such site file");
});
