import type { HostFile } from "./host-content";
import { rootFile } from "./host-file";

export const chronyPath = "/etc/chrony/chrony.conf";

/** The host's clock follows the site's time servers and serves nobody. Source: chrony.conf(5). */
export function chronyFile(servers: readonly string[]): HostFile {
  const lines = [
    ...servers.map((server) => `server ${server} iburst`),
    "driftfile /var/lib/chrony/chrony.drift",
    // A VM that was suspended is hours off: step at start, slew afterwards.
    "makestep 1 3",
    "rtcsync",
    "maxupdateskew 100",
    "leapsectz right/UTC",
    "port 0",
    "cmdport 0",
  ];
  return rootFile(chronyPath, lines);
}
