/** The repository's two stack files as typed sites, for tests that want a whole and real region. */
import type { Site } from "../../config/site";
import { parseSiteFiles, readSiteFiles } from "../../config/site-files";
import { repository } from "../../lab/paths";

/** Both example sites by name, freshly parsed at each call. */
export function exampleSites(): Record<"siziano" | "dr", Site> {
  const { drafts } = parseSiteFiles(readSiteFiles(repository));
  return { siziano: drafts.siziano as Site, dr: drafts.dr as Site };
}
