/** Certificates of the control plane live for a year (kubeadm); the machine renews them itself, long before. */
import type { HostFile } from "../host-content";
import { rootFile } from "../host-file";
import { certificatesFolder, kubeadmPath } from "./kubeadm";
import { restoreManifests, startScript, stopControlPlane } from "./scripts";

const script = "/usr/local/lib/site/renew-certificates";
const name = "control-plane-certificates";

export const certificateTimer = `${name}.timer`;

/** Certificates that have less than this to live are renewed. */
const renewalDays = 120;

/** What has no file that it watches reads new certificates at its start only, so all pods of the control plane begin anew. */
const renew = `#!/bin/sh
set -eu
if openssl x509 -checkend ${renewalDays * 24 * 3600} -noout -in ${certificatesFolder}/apiserver.crt; then exit 0; fi
kubeadm certs renew all --config ${kubeadmPath}
${stopControlPlane}
${restoreManifests}
exec ${startScript}
`;

const service = ["[Unit]", "Description=Renewal of the control plane's certificates", "[Service]", "Type=oneshot"];

const timer = [
  "[Unit]",
  "Description=Weekly look at the control plane's certificates",
  "[Timer]",
  "OnCalendar=weekly",
  "Persistent=true",
  "RandomizedDelaySec=1h",
  "[Install]",
  "WantedBy=timers.target",
];

export function certificateFiles(): HostFile[] {
  return [
    rootFile(script, renew, "0755"),
    rootFile(`/etc/systemd/system/${name}.service`, [...service, `ExecStart=${script}`]),
    rootFile(`/etc/systemd/system/${certificateTimer}`, timer),
  ];
}
