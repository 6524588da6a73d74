/** Where a region's backups go, as a human decides it. */
import { z } from "zod";

const text = (description: string) => z.string().min(1).describe(description);
const port = z.int().min(1).max(65535);

/** A day is cut into equal parts, so that the times are the same every day. */
const everyHours = z
  .union([1, 2, 3, 4, 6, 8, 12, 24].map((hours) => z.literal(hours)))
  .default(6)
  .describe("Hours between two snapshots: 1, 2, 3, 4, 6, 8, 12 or 24.");

const kept = (number: number, which: string) =>
  z.int().min(0).max(1000).default(number).describe(`The newest of each of so many ${which} are kept.`);

const retention = z
  .strictObject({
    last: z.int().min(1).max(1000).default(8).describe("Newest snapshots that are kept, whatever their age."),
    daily: kept(14, "days"),
    weekly: kept(8, "weeks"),
    monthly: kept(12, "months"),
  })
  .prefault({})
  .describe("Which snapshots are kept, of each cluster.");

const common = { everyHours, retention };

export const backupsSchema = z
  .discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("none") }).describe("No backups; production refuses it."),
    z.strictObject({
      kind: z.literal("ssh"),
      address: text("The server's IPv4 address."),
      port: port.default(22).describe("Port of its SSH."),
      user: text("Account there; its public key is that of the secret backupKeys.ssh. SFTP is all that it needs."),
      hostKey: text("The server's host key, `type base64`; one that shows another key gets nothing."),
      path: text("Folder of the repository, absolute, as SFTP shows it; the first backup makes it."),
      ...common,
    }),
    z.strictObject({
      kind: z.literal("s3"),
      url: z.url().describe("The object store's https URL, e.g. https://s3.example.org:9000."),
      address: text("Its IPv4 address, for the firewall matrix."),
      bucket: text("Bucket; it exists already."),
      folder: text("Folder of the repository in the bucket; default: the site's name.").optional(),
      region: text("Region, where the store wants one named.").optional(),
      caCertificate: text("PEM of the CA that signed its certificate; default: a public one.").optional(),
      ...common,
    }),
  ])
  .prefault({ kind: "none" })
  .describe("Where snapshots of every cluster's etcd, and of Cluster API's, are kept, encrypted (docs/backups.md).");
