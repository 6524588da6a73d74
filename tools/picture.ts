/**
 * `npm run generate:picture`: draws every site's region from its plan into `docs/region-<site>.svg`.
 * Graphviz runs as WebAssembly, so the picture is the same wherever it is drawn.
 */
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { instance } from "@viz-js/viz";
import { parseSiteFiles, readSiteFiles } from "../config/site-files";
import { checkedSites } from "../plan/check";
import type { Sites } from "../plan/model";
import { planRegion } from "../plan/plan";
import { renderPicture } from "../render/picture";

/** SVG of one site's region. */
export async function drawRegion(sites: Sites, siteName: string): Promise<string> {
  const viz = await instance();
  return viz.renderString(renderPicture(planRegion(sites, siteName)), { format: "svg" });
}

async function main(root: string): Promise<void> {
  const sites = checkedSites(parseSiteFiles(readSiteFiles(root)));
  for (const name of Object.keys(sites)) {
    const file = join(root, "docs", `region-${name}.svg`);
    writeFileSync(file, await drawRegion(sites, name));
    console.log(`wrote ${file}`);
  }
}

if (require.main === module) void main(resolve(__dirname, "../.."));
