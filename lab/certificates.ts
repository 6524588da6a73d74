import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run";

/** A certificate and its key, PEM. */
export interface Certificate {
  readonly certificate: string;
  readonly privateKey: string;
}

/** The lab's CA: signs the servers' static certificates; the ACME server issues below it. */
export interface CertificateAuthority extends Certificate {
  /** The CA's certificate as a file. */
  readonly certificateFile: string;
  /** A server certificate for these names and addresses; the same one as long as they stay the same. */
  issue(name: string, subjects: readonly string[]): Promise<Certificate>;
}

const days = "825";
const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];

async function readPair(folder: string, name: string): Promise<Certificate> {
  const [certificate, privateKey] = await Promise.all(
    ["crt", "key"].map((kind) => readFile(join(folder, `${name}.${kind}`), "utf8")),
  );
  return { certificate, privateKey };
}

/** openssl writes two files; they get their names only once both are there. */
async function makePair(folder: string, name: string, request: readonly string[], extensions: string): Promise<void> {
  const paths = {
    crt: join(folder, `${name}.crt`),
    key: join(folder, `${name}.key`),
    ext: join(folder, `${name}.cnf`),
  };
  await writeFile(paths.ext, `[req]\ndistinguished_name=dn\n[dn]\n[ext]\n${extensions}`);
  await run(
    [
      "openssl",
      "req",
      "-x509",
      "-config",
      paths.ext,
      "-extensions",
      "ext",
      "-days",
      days,
      ...newKey,
      ...request,
    ].concat(["-keyout", `${paths.key}.next`, "-out", `${paths.crt}.next`]),
  );
  await rm(paths.ext);
  await rename(`${paths.key}.next`, paths.key);
  await rename(`${paths.crt}.next`, paths.crt);
}

/** Opens the CA in `folder`, or makes it. Keys are readable by their owner only, as openssl writes them. */
export async function ensureCertificateAuthority(folder: string, title: string): Promise<CertificateAuthority> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const certificateFile = join(folder, "ca.crt");
  if (!existsSync(certificateFile)) {
    const constraints =
      "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
    await makePair(folder, "ca", ["-subj", `/O=Lab/CN=${title}`], constraints);
  }
  return {
    ...(await readPair(folder, "ca")),
    certificateFile,
    async issue(name, subjects) {
      const list = subjects.map((subject) => `${/^[\d.]+$/.test(subject) ? "IP" : "DNS"}:${subject}`).join(",");
      const record = join(folder, `${name}.subjects`);
      if ((await readFile(record, "utf8").catch(() => "")) !== list) {
        const authority = ["-CA", certificateFile, "-CAkey", join(folder, "ca.key")];
        const usage =
          "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n";
        const extensions = `${usage}subjectAltName=${list}\nauthorityKeyIdentifier=keyid\n`;
        await makePair(folder, name, ["-subj", `/O=Lab/CN=${subjects[0]}`, ...authority], extensions);
        await writeFile(record, list);
      }
      return readPair(folder, name);
    },
  };
}
