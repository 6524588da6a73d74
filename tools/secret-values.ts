/** Makes the secrets that are random, each in the form that its schema wants. Nothing here prints or stores one. */
import "reflect-metadata"; // @peculiar/x509 refuses to load without it
import { randomBytes, webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { utils } from "ssh2";
import type { Secrets, SshKeyPair } from "../config/secrets";

/** Years that the mesh's CA is valid; Cilium renews what it signs, the CA is rotated with `--rotate meshCa`. */
const meshCaYears = 10;

/** An ed25519 public key on the wire (RFC 8709 §4): the type's name and 32 bytes, each after its length in four. */
const publicKeyBytes = 4 + "ssh-ed25519".length + 4 + 32;

/** An ed25519 key pair in OpenSSH's format. */
export function generateSshKeyPair(comment: string): SshKeyPair {
  for (;;) {
    const pair = utils.generateKeyPairSync("ed25519", { comment });
    const [, blob = ""] = pair.public.split(" ");
    // ssh2 1.17 drops the zeros that one key in 256 begins with, and nobody takes that key.
    if (Buffer.from(blob, "base64").length === publicKeyBytes)
      return { privateKey: pair.private, publicKey: pair.public };
  }
}

/** 192 random bits in characters that FRR, YAML and shells all take as they are. */
export const generatePassword = (): string => randomBytes(24).toString("base64url");

/** 32 bytes in base64: AES-256 or secretbox, as EncryptionConfiguration wants them. */
export const generateEncryptionKey = (): string => randomBytes(32).toString("base64");

/** A self-signed CA (ECDSA P-256), PEM and PKCS #8, as Cilium's chart takes it in `tls.ca`. */
export async function generateMeshCa(now = new Date()): Promise<Secrets["meshCa"]> {
  const crypto = webcrypto;
  cryptoProvider.set(crypto);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(now.getUTCFullYear() + meshCaYears);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: randomBytes(16).toString("hex"),
      name: "CN=Cilium Cluster Mesh CA",
      notBefore: now,
      notAfter,
      signingAlgorithm: algorithm,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey, false, crypto),
      ],
    },
    crypto,
  );
  const privateKey = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: `${certificate.toString("pem")}\n`,
    privateKey: `${PemConverter.encode(privateKey, PemConverter.PrivateKeyTag)}\n`,
  };
}
