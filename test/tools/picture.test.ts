import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { instance } from "@viz-js/viz";
import { parseSiteFiles, readSiteFiles } from "../../config/site-files";
import type { Sites } from "../../plan/model";
import { drawRegion } from "../../tools/picture";

const root = resolve(__dirname, "../..");
const sites = parseSiteFiles(readSiteFiles(root)).drafts as Sites;

test.each(["siziano", "dr"])("the committed picture of %s is what its plan draws", async (name) => {
  const committed = readFileSync(join(root, "docs", `region-${name}.svg`), "utf8");
  const drawn = await drawRegion(sites, name);
  if (drawn !== committed) throw new Error(`docs/region-${name}.svg is stale: run \`npm run generate:picture\``);
  expect(drawn).toContain(sites[name]!.vlan.cidr);
});

test("Graphviz refuses a graph with a label that is not closed", async () => {
  const viz = await instance();
  expect(() => viz.renderString('digraph region { "gw" [label="gw]; }')).toThrow(/syntax error/);
});
