import type { Site } from "../config/site";
import type { HostFile } from "./host-content";
import { rootFile } from "./host-file";

export const rsyslogPath = "/etc/rsyslog.d/10-central.conf";

/** Forwards everything to each central syslog; what a server cannot take now waits on disk, over restarts too. Source: rsyslog's omfwd. */
export function rsyslogFile(servers: Site["syslog"]): HostFile {
  const actions = servers.map(({ address, port, protocol }, index) =>
    [
      "action(",
      '  type="omfwd"',
      `  target="${address}" port="${port}" protocol="${protocol}"`,
      '  template="RSYSLOG_SyslogProtocol23Format"',
      '  queue.type="LinkedList" queue.size="10000"',
      `  queue.filename="central-${index + 1}" queue.maxDiskSpace="256m" queue.saveOnShutdown="on"`,
      '  action.resumeRetryCount="-1" action.resumeInterval="5"',
      ")",
      "",
    ].join("\n"),
  );
  return rootFile(rsyslogPath, actions.join(""));
}
