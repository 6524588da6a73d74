/** dex on auth: the OpenID Connect provider of kubectl's login, backed by the site's Active Directory. */
import { stringify } from "yaml";
import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";

/** Where dex listens; loopback only, Caddy stands before it. */
export const dexAddress = "127.0.0.1:5556";
export const dexConfigPath = "/etc/dex/config.yaml";
export const directoryCaPath = "/etc/dex/active-directory-ca.pem";
const hostsPath = "/etc/dex/hosts";

/** Where kubelogin (kubectl oidc-login) waits for the browser; dex lets the code go nowhere else. */
export const loginRedirects = ["http://localhost:8000", "http://localhost:18000"] as const;

/**
 * Account is a person's, enabled, and its password is not one that must be changed first: asked again at each refresh, where
 * no password is sent. At the login itself AD also refuses what has expired or is locked. Bit 2: ACCOUNTDISABLE, [MS-ADTS] 2.2.16.
 */
const userFilter =
  "(&(objectCategory=person)(objectClass=user)(!(userAccountControl:1.2.840.113556.1.4.803:=2))(!(pwdLastSet=0)))";

/** Security groups only ([MS-ADTS] 2.2.12): a distribution list carries no rights. */
const groupFilter = "(&(objectClass=group)(groupType:1.2.840.113556.1.4.803:=2147483648))";

/** LDAP_MATCHING_RULE_IN_CHAIN ([MS-ADTS] 3.1.1.3.4.4.3): the server follows nested groups. */
const nestedMember = "member:1.2.840.113556.1.4.1941:";

/** The one name by which dex knows all domain controllers, and which each one's certificate must hold. */
const directoryName = ({ domain, ldap }: Site["activeDirectory"]): string => ldap.certificateName ?? domain;

function ldapConnector({ activeDirectory }: Site, password: string) {
  const { ldap } = activeDirectory;
  const startTLS = ldap.encryption === "starttls";
  return {
    type: "ldap",
    id: "active-directory",
    name: "Active Directory",
    config: {
      host: `${directoryName(activeDirectory)}:${startTLS ? 389 : 636}`,
      startTLS,
      rootCA: directoryCaPath,
      bindDN: ldap.bindUser,
      bindPW: password,
      usernamePrompt: "Account name",
      userSearch: {
        baseDN: ldap.userBase,
        filter: userFilter,
        // Unique in a domain and always there, unlike mail or displayName.
        username: "sAMAccountName",
        idAttr: "sAMAccountName",
        preferredUsernameAttr: "sAMAccountName",
        nameAttr: "cn",
        emailAttr: "userPrincipalName",
      },
      groupSearch: {
        baseDN: ldap.groupBase,
        filter: groupFilter,
        userMatchers: [{ userAttr: "DN", groupAttr: nestedMember }],
        // Unique in a domain; a group's cn is not, so whoever may create groups in some OU could copy an administrators' group.
        nameAttr: "sAMAccountName",
      },
    },
  };
}

/** YAML 1.1, which dex reads, folds these even within quotes: the password would arrive as another one. */
const FOLDED = /[\u0085\u2028\u2029]/;

/**
 * The text of dex's configuration (dex 2.41, https://dexidp.io/docs/). It holds the bind password: treat it as a secret.
 * Every string is quoted, so that no value is read as a number or a boolean.
 *
 * @throws if the password holds a line break that YAML knows and nobody types: U+0085, U+2028, U+2029.
 */
export function renderDex(site: Site, plan: RegionPlan, password: string): string {
  if (FOLDED.test(password))
    throw new Error(
      "activeDirectoryPassword: holds U+0085, U+2028 or U+2029, which dex cannot read. Choose another one.",
    );
  const config = {
    issuer: plan.login.issuer,
    // Signing keys and refresh tokens survive a reboot: nobody has to log in again.
    storage: { type: "sqlite3", config: { file: "/var/lib/dex/dex.db" } },
    web: { http: dexAddress, clientRemoteIP: { header: "X-Forwarded-For", trustedProxies: ["127.0.0.1/32"] } },
    frontend: { issuer: `Kubernetes ${plan.site}` },
    logger: { level: "INFO", format: "text" },
    expiry: {
      idTokens: "15m",
      signingKeys: "6h",
      authRequests: "10m",
      deviceRequests: "5m",
      // A working day: then AD checks the password again.
      refreshTokens: { reuseInterval: "3s", validIfNotUsedFor: "8h", absoluteLifetime: "12h" },
    },
    oauth2: {
      grantTypes: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
      responseTypes: ["code"],
      skipApprovalScreen: true,
    },
    // A public client: programs on people's machines keep no secret, PKCE (RFC 7636) binds the code to who asked.
    staticClients: [
      {
        id: plan.login.clientId,
        name: "Kubernetes",
        public: true,
        redirectURIs: [...loginRedirects, "/device/callback"],
      },
    ],
    connectors: [ldapConnector(site, password)],
  };
  return stringify(config, {
    version: "1.1",
    lineWidth: 0,
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "PLAIN",
    aliasDuplicateObjects: false,
  });
}

/**
 * dex's own /etc/hosts: the directory's one name stands for this site's domain controllers. Go tries the addresses in turn,
 * so the login outlives a controller; the DNS would also name other sites' controllers, which gw does not let through.
 */
export function renderDexHosts({ activeDirectory }: Site): { readonly path: string; readonly content: string } {
  const name = directoryName(activeDirectory);
  const lines = ["127.0.0.1 localhost", ...activeDirectory.servers.map(({ address }) => `${address} ${name}`)];
  return { path: hostsPath, content: `${lines.join("\n")}\n` };
}

/**
 * dex.service: a user of its own that exists while it runs, credentials handed over by systemd, nothing writable but its
 * state. `$` in the bind password must stay as it is (DEX_EXPAND_ENV). The unit is started once dex answers.
 */
export const dexUnit = `[Unit]
Description=dex, OpenID Connect provider
After=network-online.target
Wants=network-online.target

[Service]
Environment=DEX_EXPAND_ENV=false
LoadCredential=config.yaml:${dexConfigPath}
ExecStart=/usr/local/bin/dex serve %d/config.yaml
ExecStartPost=/usr/bin/curl --silent --show-error --fail --output /dev/null --retry 20 --retry-delay 1 --retry-connrefused http://${dexAddress}/healthz
Restart=on-failure
RestartSec=2
DynamicUser=yes
User=dex
StateDirectory=dex
StateDirectoryMode=0700
UMask=0077
BindReadOnlyPaths=${hostsPath}:/etc/hosts
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
`;
