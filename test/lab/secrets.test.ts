import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCertificateAuthority } from "../../lab/certificates";
import { run } from "../../lab/run";
import { awkwardPassword, ensureSecrets, randomPassword } from "../../lab/secrets";

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "lab-secrets-"))));
afterAll(() => rm(folder, { recursive: true }));

test("secrets are made once, kept, added to, and readable by their owner only", async () => {
  const file = join(folder, "below", "secrets.json");
  const first = await ensureSecrets(file, { a: randomPassword });
  const second = await ensureSecrets(file, { a: randomPassword, b: awkwardPassword });
  expect(second.a).toBe(first.a);
  expect(second.b).not.toBe(awkwardPassword());
  expect(await ensureSecrets(file, { a: randomPassword, b: randomPassword })).toEqual(second);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test("the CA's certificates verify for their names, stay the same, and change when a name is added", async () => {
  const authority = await ensureCertificateAuthority(join(folder, "ca"), "Test CA");
  const first = await authority.issue("server", ["server.example", "192.0.2.1"]);
  expect((await authority.issue("server", ["server.example", "192.0.2.1"])).certificate).toBe(first.certificate);
  const second = await authority.issue("server", ["server.example", "example", "192.0.2.1"]);
  expect(second.certificate).not.toBe(first.certificate);
  const verify = (...more: string[]) =>
    run(["openssl", "verify", "-CAfile", authority.certificateFile, "-purpose", "sslserver", ...more], {
      input: second.certificate,
    });
  await verify("-verify_hostname", "example");
  await verify("-verify_ip", "192.0.2.1");
  await expect(verify("-verify_hostname", "other.example")).rejects.toThrow("hostname mismatch");
  expect((await stat(join(folder, "ca", "server.key"))).mode & 0o777).toBe(0o600);
});
