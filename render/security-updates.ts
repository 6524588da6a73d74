import type { HostPlan, RegionPlan } from "../plan/model";
import type { HostFile, InPlaceChange } from "./host-content";
import { rootFile } from "./host-file";

const origins = [
  "origin=Debian,codename=${distro_codename}-security,label=Debian-Security",
  "origin=Ubuntu,archive=${distro_codename}-security",
];

/** Minute of the night at which a host installs updates: half an hour apart, so that no two routers restart a daemon together. */
function windowStart(plan: RegionPlan, host: HostPlan): string {
  const order = plan.hosts.map(({ name }) => name).sort();
  const minutes = (2 * 60 + order.indexOf(host.name) * 30) % (24 * 60);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

const aptPath = "/etc/apt/apt.conf.d/60site-security-updates";
const timerPath = "/etc/systemd/system/apt-daily-upgrade.timer.d/site.conf";

/** apt reads its settings at each run. */
export const securityUpdateChanges: readonly InPlaceChange[] = [
  { files: [aptPath] },
  { files: [timerPath], told: ["systemctl", "restart", "apt-daily-upgrade.timer"] },
];

/** Security updates, daily, from wherever the host's apt sources point; a reboot is never made on its own. */
export function securityUpdateFiles(plan: RegionPlan, host: HostPlan): HostFile[] {
  const apt = [
    'APT::Periodic::Update-Package-Lists "1";',
    'APT::Periodic::Unattended-Upgrade "1";',
    // The distribution's own list of origins is longer; lists of apt.conf otherwise add up.
    "#clear Unattended-Upgrade::Origins-Pattern;",
    "#clear Unattended-Upgrade::Allowed-Origins;",
    ...origins.map((origin) => `Unattended-Upgrade::Origins-Pattern:: "${origin}";`),
    'Unattended-Upgrade::Automatic-Reboot "false";',
    'Unattended-Upgrade::SyslogEnable "true";',
  ];
  const timer = ["[Timer]", "OnCalendar=", `OnCalendar=*-*-* ${windowStart(plan, host)}`, "RandomizedDelaySec=10min"];
  return [rootFile(aptPath, apt), rootFile(timerPath, timer)];
}
