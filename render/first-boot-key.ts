/** The SSH host key of a machine that has only just booted. */
import { createHmac, createPrivateKey, createPublicKey } from "node:crypto";
import type { SshKeyPair } from "../config/secrets";
import type { HostPlan } from "../plan/model";

const type = "ssh-ed25519";

/** PKCS #8 of an ed25519 key up to its 32 bytes (RFC 8410 §7). */
const pkcs8Head = Buffer.from("302e020100300506032b657004220420", "hex");

const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** A string on SSH's wire (RFC 4251 §5). */
const wire = (value: string | Buffer): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([uint32(bytes.length), bytes]);
};

/** Source: PROTOCOL.key of OpenSSH; not encrypted. */
function openssh(seed: Buffer, point: Buffer, comment: string): SshKeyPair {
  const publicBlob = Buffer.concat([wire(type), wire(point)]);
  // Two equal numbers tell a reader that it decrypted well; nothing is encrypted here.
  const body = [uint32(0), uint32(0), wire(type), wire(point), wire(Buffer.concat([seed, point])), wire(comment)];
  const length = Buffer.concat(body).length;
  const padding = Buffer.from(Array.from({ length: (8 - (length % 8)) % 8 }, (_, index) => index + 1));
  const file = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    ...["none", "none", ""].map(wire),
    uint32(1),
    wire(publicBlob),
    wire(Buffer.concat([...body, padding])),
  ]);
  const lines = file.toString("base64").match(/.{1,70}/g) ?? [];
  return {
    privateKey: ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n"),
    publicKey: `${type} ${publicBlob.toString("base64")} ${comment}`,
  };
}

/**
 * The key that a new machine shows until it is given its own: derived from that one, so that `up` knows it, and useless to
 * whoever reads the machine's guestinfo later, since nothing leads back and no host shows it any more.
 */
export function firstBootKey(host: HostPlan, { privateKey }: SshKeyPair): SshKeyPair {
  const seed = createHmac("sha256", privateKey).update(`first boot of ${host.vmName}`).digest();
  const key = createPrivateKey({ key: Buffer.concat([pkcs8Head, seed]), format: "der", type: "pkcs8" });
  const point = createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-32);
  return openssh(seed, point, `first-boot-${host.name}`);
}
