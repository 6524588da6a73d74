import type { Site } from "../config/site";
import type { HostPlan, RegionPlan } from "../plan/model";
import { accountFiles, accountRightsPath, authorizedKeysFolder, hostAccounts } from "./accounts";
import { chronyFile, chronyPath } from "./chrony";
import type { HostContent, HostSecrets, PackageSources } from "./host-content";
import { bridgeDestinations, sessionRecorder } from "./jump";
import { nftablesFile, nftablesPath } from "./nftables";
import { rsyslogFile, rsyslogPath } from "./rsyslog";
import { securityUpdateChanges, securityUpdateFiles } from "./security-updates";
import { hostKeyFiles, hostKeyPath, sshdFile, sshdPath } from "./sshd";
import { sysctlFile } from "./sysctl";

/** Archives that the site mirrors. A mirror's signing key is the template's business: apt trusts what the template trusts. */
function packageSources({ debian, debianSecurity }: Site["mirrors"]): PackageSources | undefined {
  const main = debian === undefined ? [] : [`deb ${debian} $RELEASE main`, `deb ${debian} $RELEASE-updates main`];
  const security = debianSecurity === undefined ? [] : [`deb ${debianSecurity} $RELEASE-security main`];
  const lines = [...main, ...security];
  return lines.length === 0 ? undefined : { lines, exclusive: main.length > 0 && security.length > 0 };
}

/** What every host of the VLAN holds, whatever its role. */
export function baseContent(site: Site, plan: RegionPlan, host: HostPlan, secrets: HostSecrets): HostContent {
  const accounts = hostAccounts(site, host, secrets);
  const forwarding =
    host.role === "jump"
      ? ({ kind: "bridge", destinations: bridgeDestinations(plan), recorder: sessionRecorder } as const)
      : ({ kind: "none" } as const);
  return {
    packageSources: packageSources(site.mirrors),
    accounts,
    files: [
      ...hostKeyFiles(secrets.hostKey),
      ...accountFiles(accounts),
      sshdFile(accounts, forwarding),
      nftablesFile(plan, host),
      sysctlFile(),
      chronyFile(site.ntp),
      rsyslogFile(site.syslog),
      ...securityUpdateFiles(plan, host),
    ],
    packages: [
      "ca-certificates",
      "chrony",
      "curl",
      "nftables",
      "openssh-server",
      "rsyslog",
      "sudo",
      "unattended-upgrades",
    ],
    programs: [],
    checks: [
      ["visudo", "--check", "--quiet"],
      ["sshd", "-t"],
      ["nft", "--check", "--file", nftablesPath],
      ["chronyd", "-p", "-f", chronyPath],
      ["rsyslogd", "-N1"],
    ],
    services: [
      "nftables.service",
      "systemd-sysctl.service",
      "ssh.service",
      "chrony.service",
      "rsyslog.service",
      "apt-daily.timer",
      "apt-daily-upgrade.timer",
    ],
    inPlace: [
      { files: [`${authorizedKeysFolder}/*`, accountRightsPath], guarded: true },
      { files: [sshdPath, `${hostKeyPath}*`], told: ["systemctl", "reload", "ssh.service"], guarded: true },
      { files: [nftablesPath], told: ["systemctl", "reload", "nftables.service"], guarded: true },
      { files: [chronyPath], told: ["systemctl", "restart", "chrony.service"] },
      { files: [rsyslogPath], told: ["systemctl", "restart", "rsyslog.service"] },
      ...securityUpdateChanges,
    ],
  };
}
