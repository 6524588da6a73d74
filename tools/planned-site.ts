/** The site that a command is about, with its plan. */
import { parseSiteFiles, projectName, readSiteFile, readSiteFiles, stackNames } from "../config/site-files";
import type { Site } from "../config/site";
import { checkedSites, SiteFaults } from "../plan/check";
import type { RegionPlan } from "../plan/model";
import { planRegion } from "../plan/plan";
import { CommandError, UsageError } from "./command";

/** The checked site of a stack and its plan; the other sites are read too, for what clusters mesh with. */
export function readPlannedSite(
  root: string,
  stack: string,
  configFile: string | undefined,
): { readonly site: Site; readonly plan: RegionPlan } {
  const own = configFile === undefined ? [] : [readSiteFile(stack, configFile, projectName(root))];
  const others = readSiteFiles(
    root,
    own.map((file) => file.stack),
  );
  const files = [...own, ...others];
  const file = files.find((each) => each.stack === stack);
  if (file === undefined) throw new UsageError(`${stack}: no such stack; there are ${stackNames(root).join(", ")}`);
  try {
    const sites = checkedSites(parseSiteFiles(files));
    return { site: sites[file.site], plan: planRegion(sites, file.site) };
  } catch (error) {
    if (error instanceof SiteFaults) throw new CommandError(error.message);
    throw error;
  }
}
