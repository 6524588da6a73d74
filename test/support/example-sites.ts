/** The repository's two stack files as typed sites, for tests that want a whole and real region. */
import { faultText } from "../../config/fault";
import type { Site } from "../../config/site";
import { parseSiteFiles, readSiteFiles } from "../../config/site-files";
import { repository } from "../../lab/paths";

/** Both example sites by name, freshly parsed at each call. Throws where a file has a fault: a draft may lack anything. */
export function exampleSites(): Record<"siziano" | "dr", Site> {
  const { drafts, faults } = parseSiteFiles(readSiteFiles(repository));
  if (faults.length > 0) throw new Error(faults.map(faultText).join("\n"));
  return { siziano: drafts.siziano as Site, dr: drafts.dr as Site };
}
