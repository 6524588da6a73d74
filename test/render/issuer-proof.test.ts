/** The proof of the login's issuer, run as a shell runs it, against servers with certificates of one CA or another. */
import { mkdtempSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type CertificateAuthority, ensureCertificateAuthority } from "../../lab/certificates";
import { run } from "../../lab/run";
import { proveIssuer } from "../../render/issuer-proof";
import { exampleHost } from "../support/example-host";
import { exampleSites } from "../support/example-sites";

jest.setTimeout(60_000);

const { plan, host } = exampleHost("auth");
const { siziano: site } = exampleSites();
const name = new URL(plan.login.issuer).hostname;

let own: CertificateAuthority;
let other: CertificateAuthority;
beforeAll(async () => {
  const authority = (title: string) => ensureCertificateAuthority(mkdtempSync(join(tmpdir(), "issuer-")), title);
  [own, other] = await Promise.all([authority("Own CA"), authority("Another CA")]);
});

interface Question {
  /** Names in the certificate; default: auth's. */
  readonly subjects?: readonly string[];
  /** What API servers are given; default: the CA that issued it. public: nothing, they trust what their machine trusts. */
  readonly anchor?: CertificateAuthority | "public";
  readonly anchorIn?: "trustAnchor" | "caCertificate";
  /** What the server says of itself; default: the issuer. */
  readonly says?: string;
  readonly status?: number;
  readonly seconds?: number;
  /** What the script runs in. */
  readonly enter?: readonly string[];
}

async function ask({ subjects = [name], anchor = own, anchorIn = "caCertificate", ...question }: Question = {}) {
  const trustAnchor = anchor === "public" ? undefined : anchor.certificate;
  const { certificate: cert, privateKey: key } = await own.issue(subjects[0]!, subjects);
  let issuer = "";
  let answers = 0;
  const server: Server = createServer({ cert, key }, ({ url }, response) => {
    answers += 1;
    response.writeHead(url === "/.well-known/openid-configuration" ? (question.status ?? 200) : 404);
    response.end(JSON.stringify({ issuer: question.says ?? issuer, jwks_uri: `${issuer}/keys` }, undefined, 2));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    issuer = `https://${name}:${(server.address() as AddressInfo).port}`;
    const auth = anchorIn === "trustAnchor" ? { ...site.hosts.auth, trustAnchor } : site.hosts.auth;
    const { script, stdin } = proveIssuer(
      { ...site, hosts: { ...site.hosts, auth } },
      { ...plan.login, issuer, trustAnchor },
      { ...host, address: "127.0.0.1" },
      { seconds: question.seconds ?? 20, interval: 0.2 },
    );
    // The shell that sshd starts for the account of `up`.
    const result = await run([...(question.enter ?? []), "bash", "-c", script], {
      input: stdin,
      accept: [0, 1],
      timeout: 40_000,
    });
    return { ...result, issuer, answers };
  } finally {
    server.close();
  }
}

test("an issuer whose certificate is of the CA that API servers are given is believed", async () => {
  const { code, stdout, stderr, issuer } = await ask();
  expect({ code, stdout: stdout.split(" ")[0], stderr }).toEqual({ code: 0, stdout: issuer, stderr: "" });
});

test("another CA: what it shows, what API servers are given, and where that stands, at once", async () => {
  const began = Date.now();
  const { code, stderr, issuer, answers } = await ask({ anchor: other, anchorIn: "trustAnchor" });
  expect({ code, answers }).toEqual({ code: 1, answers: 0 });
  expect(stderr).toContain(`${issuer}: no API server would believe it`);
  expect(stderr).toMatch(/shows:\nsubject=O = Lab, CN = auth\.\S+\nissuer=O = Lab, CN = Own CA\n/);
  expect(stderr).toMatch(/are given for it:\nsubject=O = Lab, CN = Another CA\n/);
  expect(stderr).toContain("Put the CA that issued the certificate into hosts.auth.trustAnchor, or");
  expect(Date.now() - began).toBeLessThan(10_000);
});

test("another CA by default: the remedy names the path that it came from", async () => {
  const { stderr } = await ask({ anchor: other });
  expect(stderr).toContain("hosts.auth.trustAnchor (now hosts.auth.certificate.caCertificate, its default)");
});

test("the machine's own CAs do not count: API servers take only those that they are given", async () => {
  const folder = mkdtempSync(join(tmpdir(), "issuer-"));
  await copyFile(own.certificateFile, join(folder, "ca-certificates.crt"));
  await run(["openssl", "rehash", folder]);
  // In a file system of its own the machine trusts the CA that issued the certificate.
  const enter = ["unshare", "--mount", "sh", "-c", `mount --bind ${folder} /etc/ssl/certs && exec "$@"`, "sh"];
  expect((await ask({ anchor: "public", enter })).code).toBe(0);
  expect((await ask({ anchor: other, enter })).code).toBe(1);
});

test("a certificate for another name is not believed", async () => {
  const { code, stderr } = await ask({ subjects: ["other.example"] });
  expect(code).toBe(1);
  expect(stderr).toContain("CN = other.example");
});

test("something else that answers there with a good certificate is not the issuer", async () => {
  const { code, stderr } = await ask({ says: "https://other.example" });
  expect(code).toBe(1);
  expect(stderr).toContain("what answers there is not it");
});

test("what does not answer yet is waited for, and then told with its last words", async () => {
  const { code, stderr, answers } = await ask({ status: 502, seconds: 2 });
  expect(code).toBe(1);
  expect(answers).toBeGreaterThan(2);
  expect(stderr).toMatch(/has not answered for 2 s\. curl: .*502/);
});
