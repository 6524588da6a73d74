/** What `verify` logs in with: rights to read, wherever it looks. */
import { z } from "zod";

const text = z.string().min(1);

/** The shape of a credentials file, and of what is taken from a stack. */
export const credentialsSchema = z.strictObject({
  version: z.literal(1),
  vcenter: z.strictObject({ username: text, password: text }),
  /** SSH to the jump host and the routers. */
  ssh: z.strictObject({ user: text, privateKey: text, hostKeys: z.record(z.string(), text) }),
  /**
   * SSH to the domain controllers, by the account that `up` changes DNS with: only ever taken from a stack, never written to
   * a file, as it is none with rights to read alone.
   */
  directory: z
    .strictObject({ user: text, port: z.int(), privateKey: text, hostKeys: z.record(z.string(), text) })
    .optional(),
  kubeconfigs: z.strictObject({ managementPlane: text.optional(), clusters: z.record(z.string(), text) }),
});

/** `hostKeys`: OpenSSH public keys by host name. Kubeconfigs as text; what is missing fails its rows, not the run. */
export type Credentials = z.output<typeof credentialsSchema>;

/** The stack output `verification`: a kubeconfig with read-only rights for each API server. */
export const verificationSchema = credentialsSchema.shape.kubeconfigs;
