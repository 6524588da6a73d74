/** Addresses of what `mirrors.components` names, in the spelling of those who fetch from there. */
import type { Site } from "../config/site";

/** Host, port and path of the site's registry, as an OCI reference begins. Throws where the site has none, which its check refuses. */
export function registryHost(site: Site): string {
  const { registry } = site.mirrors;
  if (registry === undefined) throw new Error("mirrors.components: registry needs mirrors.registry");
  return registry.url.replace(/^https?:\/\//, "").replace(/\/+$/, "");
}

/** A folder as given if it is absolute; else below the project, said so that Helm does not take it for a chart's name. */
export function componentFolder(path: string): string {
  const folder = path.replace(/\/+$/, "");
  return folder.startsWith("/") || folder.startsWith("./") ? folder : `./${folder}`;
}
