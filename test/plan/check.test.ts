import { checkedSites, rules, SiteFaults } from "../../plan/check";
import { crowded, mutants, type Mutant } from "./mutants";
import { asFiles, faultsOf, set, soundSites, type Values } from "./sound-sites";
import { parseSiteFiles } from "../../config/site-files";

let sound: Values;
beforeAll(async () => {
  sound = await soundSites();
});

const mutated = (mutant: Mutant): Values => {
  const values = structuredClone(sound);
  mutant.mutate(values);
  return values;
};

const identify = (values: Values) => faultsOf(values).map(({ rule, site, path }) => [rule, site, path]);

test("sound sites have no fault", () => {
  expect(faultsOf(sound)).toEqual([]);
});

test.each(mutants.map((mutant): [string, string, Mutant] => [mutant.rule, mutant.what, mutant]))(
  "%s: %s",
  (_rule, _what, mutant) => {
    expect(identify(mutated(mutant)).sort()).toEqual([...mutant.faults].map((each) => [...each]).sort());
  },
);

test("clusters-ceiling: 256 clusters", () => {
  expect(identify(mutated(crowded))).toEqual(expect.arrayContaining(crowded.faults.map((each) => [...each])));
});

test("every rule has a mutant", () => {
  const tripped = new Set([...mutants, crowded].map((mutant) => mutant.rule));
  // Its mutants need certificates of their own: test/plan/certificates.test.ts.
  tripped.add("provided-certificate");
  expect(rules.map((rule) => rule.id).filter((id) => !tripped.has(id))).toEqual([]);
});

test("rule ids are unique", () => {
  expect(new Set(rules.map((rule) => rule.id)).size).toBe(rules.length);
});

test("every fault says what to do", () => {
  for (const mutant of [...mutants, crowded]) {
    for (const fault of faultsOf(mutated(mutant))) {
      expect(fault.remedy.length).toBeGreaterThan(3);
      expect(fault.problem.length).toBeGreaterThan(3);
    }
  }
});

test("malformed values hide no other fault, in their site or in another", () => {
  const values = structuredClone(sound);
  set(values, "siziano", "vlan.cidr", "172.20.10.0/99");
  set(values, "siziano", "clusters.management.id", "one");
  set(values, "siziano", "bgp.routersASN", {});
  set(values, "siziano", "clusters.workloads.pods", "10.74.0.0/16");
  set(values, "dr", "hosts.auth.address", "172.20.20.10");
  expect(identify(values).sort()).toEqual([
    ["address-syntax", "siziano", "vlan.cidr"],
    ["duplicate-address", "dr", "hosts.auth.address"],
    ["network-overlap", "siziano", "clusters.workloads.pods"],
    ["shape", "siziano", "bgp.routersASN"],
    ["shape", "siziano", "clusters.management.id"],
  ]);
});

test("the same faults come out whatever the order of sites and clusters", () => {
  const values = structuredClone(sound);
  set(values, "siziano", "clusters.workloads.pods", "10.74.0.0/16");
  set(values, "siziano", "clusters.workloads.asn", 64710);
  set(values, "dr", "clusters.workloads.id", 1);
  const reversed = Object.fromEntries(
    Object.entries(values)
      .reverse()
      .map(([site, own]) => [
        site,
        { ...own, clusters: Object.fromEntries(Object.entries(own.clusters as object).reverse()) },
      ]),
  );
  expect(identify(reversed).map(String).sort()).toEqual(identify(values).map(String).sort());
});

describe("production that is not confirmed", () => {
  const unconfirmed = (): Values => {
    const values = structuredClone(sound);
    set(values, "siziano", "addressesConfirmed", false);
    return values;
  };

  test("is a notice of the check", () => {
    expect(faultsOf(unconfirmed()).map(({ rule, severity }) => [rule, severity])).toEqual([
      ["addresses-unconfirmed", "notice"],
    ]);
  });

  test("is refused by `up` of that site, in one error that names path and remedy", () => {
    const files = parseSiteFiles(asFiles(unconfirmed()));
    expect(() => checkedSites(files, { up: "siziano" })).toThrow(SiteFaults);
    expect(() => checkedSites(files, { up: "siziano" })).toThrow(/addressesConfirmed = false[^]*remedy:/);
  });

  test("does not stop `up` of another site", () => {
    expect(Object.keys(checkedSites(parseSiteFiles(asFiles(unconfirmed())), { up: "dr" })).sort()).toEqual([
      "dr",
      "siziano",
    ]);
  });
});

test("a lab may do what production may not", () => {
  const values = structuredClone(sound);
  for (const site of ["siziano", "dr"]) {
    set(values, site, "environment", "lab");
    set(values, site, "addressesConfirmed", false);
    set(values, site, "cilium.encryption", "none");
  }
  set(values, "siziano", "clusters.workloads.controlPlane.replicas", 1);
  expect(faultsOf(values)).toEqual([]);
});
