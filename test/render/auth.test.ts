/** auth's files: as a person reads them, and as dex, Caddy and systemd do. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Site } from "../../config/site";
import { planRegion } from "../../plan/plan";
import { authContent } from "../../render/auth";
import { caddyfilePath } from "../../render/caddy";
import { dexAddress, dexConfigPath } from "../../render/dex";
import { loginPageFolder } from "../../render/login-page";
import { expectGolden } from "../golden";
import { realReader } from "../real-reader";
import { exampleSecrets } from "../support/example-host";
import { exampleSites } from "../support/example-sites";

jest.setTimeout(60_000);

const sites = exampleSites();

function auth(change: (site: Site) => Site = (site) => site, changes: Partial<typeof exampleSecrets> = {}) {
  const site = change(sites.siziano);
  const plan = planRegion({ ...sites, siziano: site }, "siziano");
  const host = plan.hosts.find(({ role }) => role === "auth");
  if (!host) throw new Error("no auth");
  return { plan, host, content: authContent(site, plan, host, { ...exampleSecrets, ...changes }) };
}

const withLdap = (ldap: Partial<Site["activeDirectory"]["ldap"]>) => (site: Site) => ({
  ...site,
  activeDirectory: { ...site.activeDirectory, ldap: { ...site.activeDirectory.ldap, ...ldap } },
});
const withCertificate = (certificate: Site["hosts"]["auth"]["certificate"]) => (site: Site) => ({
  ...site,
  hosts: { ...site.hosts, auth: { ...site.hosts.auth, certificate } },
});
const textOf = (content: ReturnType<typeof authContent>, path: string) =>
  content.files.find((file) => file.path === path)?.content ?? "";

/** Shell: dex on its own configuration, as its unit starts it. */
const serveDex = [
  "mkdir /var/lib/dex",
  `export $(sed -n 's/^Environment=//p' /etc/systemd/system/dex.service)`,
  `/usr/local/bin/dex serve ${dexConfigPath} >&2 & dex=$! dex_url=http://${dexAddress}`,
];

/** Asks dex something once it listens, and leaves its answer. */
const askDex = (path: string) => [
  "sh",
  "-c",
  [
    ...serveDex,
    `until curl --silent --fail $dex_url${path}; do kill -0 $dex || exit 1; sleep 0.1; done`,
    "kill $dex",
  ].join("\n"),
];

test("has the files that its golden files show", () => {
  for (const { path, content } of auth().content.files)
    if (!path.endsWith(".pem")) expectGolden(`auth/${path.replace(/^\//, "").replaceAll("/", "_")}`, content);
});

test.each(["ldaps", "starttls"] as const)("dex serves on it, with %s", async (encryption) => {
  const { plan, content } = auth(withLdap({ encryption }));
  const { code, stdout, stderr } = await realReader(content.files, askDex("/.well-known/openid-configuration"));
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(JSON.parse(stdout)).toMatchObject({ issuer: plan.login.issuer, response_types_supported: ["code"] });
});

test("dex refuses a connector that it does not know, and a directory CA that is none", async () => {
  const { content } = auth();
  const broken = (path: string, from: RegExp, to: string) =>
    content.files.map((file) => (file.path === path ? { ...file, content: file.content.replace(from, to) } : file));
  const connector = await realReader(broken(dexConfigPath, /type: "ldap"/, 'type: "ldapp"'), askDex("/healthz"));
  expect(connector.code).not.toBe(0);
  expect(connector.stderr).toContain('unknown connector type "ldapp"');
  const ca = await realReader(broken("/etc/dex/active-directory-ca.pem", /[^]*/, "nothing\n"), askDex("/healthz"));
  expect(ca.code).not.toBe(0);
  expect(ca.stderr).toContain("no certs found in ca file");
});

test("no way around the directory's certificate is ever rendered", () => {
  for (const encryption of ["ldaps", "starttls"] as const) {
    const text = textOf(auth(withLdap({ encryption })).content, dexConfigPath);
    expect(text).not.toMatch(/insecure/i);
    expect(text).toContain(`startTLS: ${encryption === "starttls"}`);
    expect(text).toContain('rootCA: "/etc/dex/active-directory-ca.pem"');
    expect(text).toContain(`host: "simplebooking.local:${encryption === "starttls" ? 389 : 636}"`);
  }
});

test("all domain controllers answer to the one name that dex checks", () => {
  const { content } = auth(withLdap({ certificateName: "directory.example" }));
  const addresses = sites.siziano.activeDirectory.servers.map(({ address }) => `${address} directory.example`);
  expect(textOf(content, "/etc/dex/hosts").split("\n")).toEqual(["127.0.0.1 localhost", ...addresses, ""]);
  expect(textOf(content, dexConfigPath)).toContain('host: "directory.example:636"');
});

/** A key and its certificate for these names, made for one test. */
async function makePair(...names: string[]): Promise<{ readonly key: string; readonly certificate: string }> {
  const subject = ["-subj", "/CN=test", "-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`];
  const request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...subject];
  const script = `"$@" -keyout /key -out /crt && cat /key && echo === && cat /crt`;
  const { stdout, stderr, code } = await realReader([], ["sh", "-c", script, "sh", ...request]);
  if (code !== 0) throw new Error(stderr);
  const [key, certificate] = stdout.split("===\n");
  return { key, certificate };
}

/**
 * Somebody logs in at dex, which asks a directory of two controllers: the first one is down, the second one only writes down
 * what it is told. Its certificate holds `names`.
 */
async function recordBind(password: string, ...names: string[]) {
  const { key, certificate } = await makePair(...names);
  const { content } = auth(
    (site) => {
      const servers = ["127.0.0.2", "127.0.0.1"].map((address, index) => ({ name: `ad${index + 1}.example`, address }));
      const { activeDirectory } = withLdap({ caCertificate: certificate })(site);
      return { ...site, activeDirectory: { ...activeDirectory, servers } };
    },
    { activeDirectoryPassword: password },
  );
  const files = [
    ...content.files,
    // What the unit binds over it.
    { path: "/etc/hosts", content: textOf(content, "/etc/dex/hosts") },
    { path: "/recorder.py", content: readFileSync(join(__dirname, "readers/bind-recorder.py"), "utf8") },
    { path: "/crt", content: certificate },
    { path: "/key", content: key },
  ];
  const login = [
    "python3 /recorder.py /crt /key >/recorded & recorder=$!",
    "until grep -q listening /recorded; do kill -0 $recorder || exit 1; sleep 0.1; done",
    ...serveDex,
    "until curl --silent --fail --output /dev/null $dex_url/healthz; do kill -0 $dex || exit 1; sleep 0.1; done",
    'start="$dex_url/auth/active-directory?client_id=kubernetes&response_type=code&scope=openid&redirect_uri=http://localhost:8000"',
    `form=$(curl --silent --output /dev/null --write-out '%{redirect_url}' "$start")`,
    'curl --silent --output /dev/null --data login=somebody --data password=something "$form"',
    'wait $recorder; code=$?; kill $dex; tail -n 1 /recorded; exit "$code"',
  ];
  return realReader(files, ["sh", "-c", login.join("\n")]);
}

test("the bind password reaches the controller that is up as it is, whatever characters it holds", async () => {
  const password = `$HOME $\{x} "'\\\`!#:&*|>%@ - {[ü€]} yes 0x1f\ttab`;
  const { code, stdout, stderr } = await recordBind(password, "ad2.example", sites.siziano.activeDirectory.domain);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  expect(Buffer.from(stdout.trim(), "hex").toString()).toBe(password);
});

test("no password is sent to a controller whose certificate does not hold the directory's name", async () => {
  const { code, stdout, stderr } = await recordBind("secret", "ad2.example");
  expect({ code, stdout }).toEqual({ code: 1, stdout: "listening\n" });
  expect(stderr).toContain("certificate is valid for ad2.example, not simplebooking.local");
});

test("Caddy accepts it with a certificate from ACME and with a provided one, and refuses a word that it does not know", async () => {
  const { key, certificate } = await makePair("auth.example");
  const acme = auth().content;
  const provided = auth(withCertificate({ kind: "provided", certificate }), { authCertificateKey: key }).content;
  for (const { files, checks } of [acme, provided]) {
    const { code, stdout, stderr } = await realReader(files, checks[0]);
    expect({ code, said: stdout + stderr }).toMatchObject({ code: 0 });
  }
  expect(provided.files.find(({ content }) => content.includes("PRIVATE KEY"))).toMatchObject({
    path: "/etc/caddy/auth.key",
    mode: "0640",
    owner: "root:caddy",
  });
  const broken = acme.files.map((file) =>
    file.path === "/etc/caddy/Caddyfile"
      ? { ...file, content: file.content.replace("disable_http_challenge", "disable_all") }
      : file,
  );
  const refused = await realReader(broken, acme.checks[0]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain("disable_all");
});

test("Caddy serves the kubeconfigs below /kubectl, nothing else of that folder's disk, and dex at the root", async () => {
  const name = auth().host.fqdn;
  const { key, certificate } = await makePair(name);
  const { content } = auth(withCertificate({ kind: "provided", certificate }), { authCertificateKey: key });
  const files = [
    ...content.files,
    { path: "/etc/hosts", content: `127.0.0.1 ${name} localhost\n` },
    { path: `${loginPageFolder}/index.html`, content: "the page" },
    { path: `${loginPageFolder}/management.yaml`, content: "a kubeconfig" },
    { path: "/srv/secret", content: "a secret" },
  ];
  const ask = (path: string) =>
    `curl --silent --cacert /etc/caddy/auth.crt --path-as-is --write-out ' %{http_code} %{content_type} %{redirect_url}\n' 'https://${name}${path}'`;
  const script = [
    ...serveDex,
    "mkdir -p /run/caddy",
    `caddy run --config ${caddyfilePath} --adapter caddyfile 2>/caddy.log & caddy=$!`,
    "until curl --silent --fail $dex_url/healthz >/dev/null; do kill -0 $dex || exit 1; sleep 0.1; done",
    `until curl --silent --cacert /etc/caddy/auth.crt --output /dev/null https://${name}/; do kill -0 $caddy || { cat /caddy.log >&2; exit 1; }; sleep 0.1; done`,
    ...["/", "/kubectl", "/kubectl/", "/kubectl/management.yaml", "/kubectl/../secret", "/kubectl/%2e%2e/secret"].map(
      ask,
    ),
    `${ask("/keys")} | tail -c 60`,
    "kill $caddy $dex",
  ].join("\n");
  const { code, stdout, stderr } = await realReader(files, ["bash", "-c", script]);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => line.trim());
  expect(lines).toEqual([
    `302  https://${name}/kubectl/`,
    `302  https://${name}/kubectl/`,
    "the page 200 text/html; charset=utf-8",
    "a kubeconfig 200 application/yaml",
    ...lines.slice(4, -1),
    expect.stringMatching(/ 200 application\/json$/),
  ]);
  expect(stdout).not.toContain("a secret");
});

test("systemd accepts dex's unit and Caddy's drop-in, and refuses a setting that it does not know", async () => {
  const { content } = auth();
  const verify = [
    "env",
    "SYSTEMD_LOG_TARGET=console",
    "systemd-analyze",
    "verify",
    "/etc/systemd/system/dex.service",
    "/lib/systemd/system/caddy.service",
  ];
  const { code, stderr } = await realReader(content.files, verify);
  expect({ code, complaints: stderr.split("\n").filter((line) => /dex|caddy|site\.conf/.test(line)) }).toEqual({
    code: 0,
    complaints: [],
  });
  const broken = content.files.map((file) =>
    file.path.endsWith("dex.service")
      ? { ...file, content: file.content.replace("ProtectHome=", "ProtectHouse=") }
      : file,
  );
  expect((await realReader(broken, verify)).stderr).toContain("ProtectHouse");
});

test("secrets that are missing, or that dex could not read, are refused before anything is written", () => {
  expect(() => auth(undefined, { activeDirectoryPassword: undefined })).toThrow("activeDirectoryPassword: missing");
  expect(() => auth(undefined, { activeDirectoryPassword: "a\u2028b" })).toThrow("U+2028");
  expect(() => auth(withCertificate({ kind: "provided", certificate: "x" }))).toThrow("authCertificateKey: missing");
});

test("a site that names dex's archive has it fetched by SHA-256", () => {
  const dex = { url: "http://mirror.example/files/dex.tar.gz", sha256: "0".repeat(64) };
  expect(auth((site) => ({ ...site, programs: { dex } })).content.programs).toEqual([
    { name: "dex", ...dex, destination: "/" },
  ]);
  expect(auth().content.programs).toEqual([]);
});
