/** Caddy on auth: TLS before dex, with a certificate from the site's CA that renews itself, or a provided one. */
import type { Site } from "../config/site";
import type { HostPlan } from "../plan/model";
import { dexAddress, loginRedirects } from "./dex";
import { loginPagePath } from "./login";
import { loginPageFolder } from "./login-page";

export const caddyfilePath = "/etc/caddy/Caddyfile";
export const acmeCaPath = "/etc/caddy/acme-ca.pem";
export const certificatePath = "/etc/caddy/auth.crt";
export const certificateKeyPath = "/etc/caddy/auth.key";

type Certificate = Site["hosts"]["auth"]["certificate"];

function tls(certificate: Certificate): string[] {
  switch (certificate.kind) {
    case "acme":
      return [
        "tls {",
        "\tprotocols tls1.2 tls1.3",
        "\tissuer acme {",
        `\t\tdir ${certificate.directory}`,
        // Port 80 is closed: tls-alpn-01 (RFC 8737) is the one challenge left.
        "\t\tdisable_http_challenge",
        ...(certificate.caCertificate === undefined ? [] : [`\t\ttrusted_roots ${acmeCaPath}`]),
        "\t}",
        "}",
      ];
    case "provided":
      return [`tls ${certificatePath} ${certificateKeyPath} {`, "\tprotocols tls1.2 tls1.3", "}"];
  }
}

/** dex's pages load their own style and images and run one script that they can do without; forms end at kubelogin. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  `form-action 'self' ${loginRedirects.join(" ")}`,
].join("; ");

/** The page that offers kubeconfigs, and where people end up who type the name of auth alone; all else is dex's. */
const loginPage = [
  `redir / ${loginPagePath} 302`,
  `redir ${loginPagePath.slice(0, -1)} ${loginPagePath} 302`,
  `handle_path ${loginPagePath}* {`,
  `\troot * ${loginPageFolder}`,
  // A cluster that was made anew has another CA.
  "\theader Cache-Control no-cache",
  "\t@kubeconfig path *.yaml",
  "\theader @kubeconfig Content-Type application/yaml",
  "\tfile_server",
  "}",
];

/** The text of the Caddyfile (Caddy 2.6, https://caddyserver.com/docs/caddyfile). It holds no secret. */
export function renderCaddyfile(site: Site, host: HostPlan): string {
  const global = [
    // Not TCP: whoever may open a port on loopback could otherwise reconfigure the server.
    "admin unix//run/caddy/admin.sock",
    "auto_https disable_redirects",
    "servers {",
    // HTTP/3 would be UDP 443, which nobody opens.
    "\tprotocols h1 h2",
    "\ttimeouts {",
    "\t\tread_header 10s",
    "\t\tread_body 10s",
    "\t\tidle 2m",
    "\t}",
    "}",
  ];
  const server = [
    ...tls(site.hosts.auth.certificate),
    "header {",
    '\tStrict-Transport-Security "max-age=63072000"',
    "\tX-Content-Type-Options nosniff",
    "\tX-Frame-Options DENY",
    "\tReferrer-Policy no-referrer",
    `\tContent-Security-Policy "${contentSecurityPolicy}"`,
    "\t-Server",
    "}",
    "request_body {",
    "\tmax_size 64KB",
    "}",
    ...loginPage,
    "handle {",
    `\treverse_proxy ${dexAddress}`,
    "}",
  ];
  const block = (name: string, lines: readonly string[]) =>
    `${name}{\n${lines.map((line) => `\t${line}\n`).join("")}}\n`;
  return `${block("", global)}\n${block(`https://${host.fqdn} `, server)}`;
}

/** Narrows Debian's caddy.service; its reload finds the admin socket through the Caddyfile. */
export const caddyDropIn = `[Unit]
After=dex.service
Wants=dex.service

[Service]
RuntimeDirectory=caddy
RuntimeDirectoryMode=0700
StateDirectory=caddy
UMask=0077
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
LockPersonality=yes
NoNewPrivileges=yes
PrivateDevices=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectSystem=strict
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
Restart=on-failure
RestartSec=2
`;
