/** What auth holds beside the base of every host: dex behind Caddy. */
import type { Site } from "../config/site";
import type { HostPlan, RegionPlan } from "../plan/model";
import { acmeCaPath, caddyDropIn, caddyfilePath, certificateKeyPath, certificatePath, renderCaddyfile } from "./caddy";
import { dexConfigPath, dexUnit, directoryCaPath, renderDex, renderDexHosts } from "./dex";
import type { HostFile, HostProgram, HostSecrets, RoleContent } from "./host-content";

const file = (path: string, mode: string, owner: string, content: string): HostFile => ({ path, mode, owner, content });

/** PEM as text files end: with one line break. */
const pem = (text: string): string => `${text.trimEnd()}\n`;

function certificateFiles(certificate: Site["hosts"]["auth"]["certificate"], secrets: HostSecrets): HostFile[] {
  if (certificate.kind === "acme")
    return certificate.caCertificate === undefined
      ? []
      : [file(acmeCaPath, "0644", "root:root", pem(certificate.caCertificate))];
  if (secrets.authCertificateKey === undefined)
    throw new Error("authCertificateKey: missing, and hosts.auth.certificate.kind is provided. Set the secret.");
  return [
    file(certificatePath, "0644", "root:root", pem(certificate.certificate)),
    file(certificateKeyPath, "0640", "root:caddy", pem(secrets.authCertificateKey)),
  ];
}

/** dex's archive holds `usr/local/bin/dex` (docs/templates.md); a prepared template has it already. */
function programs(site: Site): HostProgram[] {
  const { dex } = site.programs;
  return dex === undefined ? [] : [{ name: "dex", url: dex.url, sha256: dex.sha256, destination: "/" }];
}

const dexUnitPath = "/etc/systemd/system/dex.service";
const caddyDropInPath = "/etc/systemd/system/caddy.service.d/site.conf";

/** Asks dex through Caddy. Whether the certificate is believed is asked elsewhere (issuer-proof), with the clients' own CAs. */
function askLogin(plan: RegionPlan, host: HostPlan): readonly string[] {
  const { hostname, port } = new URL(plan.login.issuer);
  const resolve = `${hostname}:${port === "" ? "443" : port}:${host.address}`;
  const patience = ["--max-time", "5", "--retry", "10", "--retry-delay", "1", "--retry-all-errors"];
  const quiet = ["--silent", "--show-error", "--fail", "--insecure", "--noproxy", "*", "--output", "/dev/null"];
  return ["curl", ...quiet, ...patience, "--resolve", resolve, `${plan.login.issuer}/.well-known/openid-configuration`];
}

/**
 * The auth part of a host's content.
 *
 * @throws if the bind password is missing, or the key of a provided certificate.
 */
export function authContent(site: Site, plan: RegionPlan, host: HostPlan, secrets: HostSecrets): RoleContent {
  if (secrets.activeDirectoryPassword === undefined)
    throw new Error("activeDirectoryPassword: missing, dex cannot search the directory. Set the secret.");
  const dexHosts = renderDexHosts(site);
  return {
    files: [
      // A controller that is switched off and answers nothing: 7 s instead of two minutes until the next one is tried.
      file("/etc/sysctl.d/90-auth.conf", "0644", "root:root", "net.ipv4.tcp_syn_retries = 2\n"),
      file(directoryCaPath, "0644", "root:root", pem(site.activeDirectory.ldap.caCertificate)),
      file(dexHosts.path, "0644", "root:root", dexHosts.content),
      file(dexConfigPath, "0600", "root:root", renderDex(site, plan, secrets.activeDirectoryPassword)),
      file(dexUnitPath, "0644", "root:root", dexUnit),
      ...certificateFiles(site.hosts.auth.certificate, secrets),
      file(caddyfilePath, "0644", "root:root", renderCaddyfile(site, host)),
      file(caddyDropInPath, "0644", "root:root", caddyDropIn),
    ],
    packages: ["caddy", "ca-certificates", "curl"],
    programs: programs(site),
    services: ["systemd-sysctl.service", "dex.service", "caddy.service"],
    checks: [["caddy", "validate", "--config", caddyfilePath, "--adapter", "caddyfile"]],
    inPlace: [
      // The unit is started once dex answers.
      {
        files: [directoryCaPath, dexHosts.path, dexConfigPath, dexUnitPath],
        told: ["systemctl", "restart", "dex.service"],
      },
      {
        files: [caddyfilePath, acmeCaPath, certificatePath, certificateKeyPath],
        told: ["systemctl", "reload", "caddy.service"],
        proof: askLogin(plan, host),
      },
      { files: [caddyDropInPath], told: ["systemctl", "restart", "caddy.service"], proof: askLogin(plan, host) },
    ],
  };
}
