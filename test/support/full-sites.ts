/** Sites as large as they get. */
import type { Site } from "../../config/site";
import { buildSite, largestRegion } from "../plan/arbitraries";

/** So many sites, each with as many clusters as a region takes. */
export function fullSites(count: number): Readonly<Record<string, Site>> {
  const clusters = Array.from({ length: largestRegion }, () => 1);
  const site = (number: number): Site =>
    buildSite(number, { upstream: "bgp", path: "jump", certificate: false, mirrored: true, routers: 2, clusters });
  return Object.fromEntries(Array.from({ length: count }, (_, number) => [`site${number}`, site(number)]));
}
