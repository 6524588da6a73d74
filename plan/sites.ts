/** The sites that are planned together. */
import type { Site } from "../config/site";
import type { Sites } from "./model";

/** The site of that name; throws when there is none. */
export function siteOf(sites: Sites, name: string): Site {
  const site = sites[name];
  if (site === undefined) {
    throw new Error(`site ${name}: no such site file; there are ${Object.keys(sites).sort().join(", ")}`);
  }
  return site;
}
