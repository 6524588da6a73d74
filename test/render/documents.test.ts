/** What other teams get of a region: golden files, and readers that are not ours. */
import { parse } from "yaml";
import { planRegion } from "../../plan/plan";
import { renderCsv } from "../../render/csv";
import { renderDnsCsv, renderDnsJson } from "../../render/dns-entries";
import { renderFirewallCsv, renderFirewallJson } from "../../render/firewall-matrix";
import { renderSiteBook } from "../../render/site-book";
import { expectGolden } from "../golden";
import { exampleSites } from "../support/example-sites";

const sites = exampleSites();

describe.each(["siziano", "dr"])("%s", (name) => {
  const plan = planRegion(sites, name);

  test("firewall matrix", () => {
    expectGolden(`${name}/firewall-matrix.csv`, renderFirewallCsv(plan));
    expect(JSON.parse(renderFirewallJson(plan))).toEqual({ version: 1, site: name, rules: plan.firewall });
  });

  test("DNS entries", () => {
    expectGolden(`${name}/dns-entries.csv`, renderDnsCsv(plan));
    expect(JSON.parse(renderDnsJson(plan))).toMatchObject({ version: 1, site: name, records: plan.dns.records });
  });

  test("site book", () => expectGolden(`${name}/site-book.md`, renderSiteBook(plan)));
});

test("a JSON document is YAML, too, so that whoever imports it has the choice", () => {
  const text = renderFirewallJson(planRegion(sites, "siziano"));
  expect(parse(text)).toEqual(JSON.parse(text));
});

test("CSV quotes what would break a row, and nothing else", () => {
  expect(renderCsv(["a", "b"], [["plain text", 'with "quotes", commas\nand lines']])).toBe(
    'a,b\r\nplain text,"with ""quotes"", commas\nand lines"\r\n',
  );
});
