/** SSH with pinned host keys: to a host of the VLAN, or to a domain controller, over the jump host where the site says so. */
import type { Duplex, Readable, Writable } from "node:stream";
import { Client, type ConnectConfig } from "ssh2";
import type { Site } from "../config/site";
import type { HostPlan, RegionPlan } from "../plan/model";

/** What a command reads and where its output goes, where that is too much for a string. */
export interface Pipes {
  readonly input?: Readable;
  readonly output?: Writable;
}

/** Runs one command and returns what it printed. Throws with what it said on standard error. */
export type Execute = (command: string, pipes?: Pipes) => Promise<string>;

/** Whose key opens the door, and by which keys hosts are known (`type base64`, by name). */
export interface SshLogin {
  readonly user: string;
  /** OpenSSH private key; absent: what the agent at `agent` holds. */
  readonly privateKey?: string;
  /** Socket of an SSH agent. */
  readonly agent?: string;
  readonly hostKeys: Readonly<Record<string, string>>;
}

/** Where, as whom, and by which key the other side is known. */
export interface SshTarget extends Omit<SshLogin, "hostKeys"> {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  /** any: a machine that has no key of its own for long; what goes there must be of use to the right one only. */
  readonly hostKey: string | "any" | undefined;
  /** Of a machine that has only just booted: the key that it shows until it has its own. */
  readonly firstBootKey?: string;
}

/** Milliseconds until a host that says nothing counts as unreachable. */
const readyTimeout = 20_000;

/** The signature algorithms of a type of host key; RSA's have names of their own (RFC 8332). */
const algorithmsOf = (type: string) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type]);

function connect(target: SshTarget, sock?: Duplex): Promise<Client> {
  const [type = "", pinned] = target.hostKey?.split(" ") ?? [];
  if (target.hostKey !== "any" && pinned === undefined) throw new Error(`${target.name}: no host key to know it by`);
  const config: ConnectConfig = {
    host: target.address,
    port: target.port,
    username: target.user,
    privateKey: target.privateKey,
    agent: target.agent,
    readyTimeout,
    keepaliveInterval: 15_000,
    ...(target.hostKey === "any"
      ? {}
      : {
          hostVerifier: (key: Buffer) => [pinned, target.firstBootKey?.split(" ")[1]].includes(key.toString("base64")),
          algorithms: { serverHostKey: algorithmsOf(type) as never },
        }),
    ...(sock === undefined ? {} : { sock }),
  };
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once("ready", () => resolve(client));
    client.once("error", (error) => reject(connectionError(target, error.message)));
    client.connect(config);
  });
}

/** A host that showed another key than the known one: another machine, so nobody asks it twice. */
export class HostKeyError extends Error {}

function connectionError({ name, address, port }: SshTarget, message: string): Error {
  const where = `SSH to ${name} (${address}:${port})`;
  return message.includes("verification failed")
    ? new HostKeyError(
        `${where}: it shows another SSH host key than the stack's (sshHostKeys). Nothing was sent to it.`,
      )
    : new Error(`${where}: ${message}`);
}

function forward(jump: Client, { name, address, port }: SshTarget): Promise<Duplex> {
  return new Promise((resolve, reject) =>
    jump.forwardOut("127.0.0.1", 0, address, port, (error, channel) =>
      error ? reject(new Error(`the jump host to ${name} (${address}): ${error.message}`)) : resolve(channel),
    ),
  );
}

function execute(client: Client, command: string, { input, output }: Pipes = {}): Promise<string> {
  return new Promise((resolve, reject) =>
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      let stdout = "";
      let stderr = "";
      if (output === undefined) channel.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
      else channel.pipe(output);
      channel.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
      input?.once("error", reject).pipe(channel);
      channel.once("close", (code: number | null) =>
        code === 0 ? resolve(stdout) : reject(new Error(stderr.trim() || `${command}: exit code ${code}`)),
      );
    }),
  );
}

/** A host of the VLAN, for instance as the account `verify`. */
export const hostTarget = (
  { ssh: { hostKeys, ...login } }: { readonly ssh: SshLogin },
  { name, address }: HostPlan,
): SshTarget => ({ name, address, port: 22, ...login, hostKey: hostKeys[name] });

/** A session for as long as `work` takes, through `hop` where there is one. */
export async function withSession<T>(
  target: SshTarget,
  hop: SshTarget | undefined,
  work: (run: Execute) => Promise<T>,
): Promise<T> {
  const opened: Client[] = [];
  const open = async (to: SshTarget, sock?: Duplex): Promise<Client> => {
    const client = await connect(to, sock);
    // What ends it later shows in the command that was under way.
    client.on("error", () => undefined);
    opened.push(client);
    return client;
  };
  try {
    const client = await (hop === undefined ? open(target) : open(target, await forward(await open(hop), target)));
    return await work((command, pipes) => execute(client, command, pipes));
  } finally {
    for (const client of opened.reverse()) client.end();
  }
}

/** The same by the way that the site's other connections take. `path`: directly or over the jump host, where not as `up` goes. */
export function withSsh<T>(
  site: Site,
  plan: RegionPlan,
  credentials: { readonly ssh: SshLogin },
  target: SshTarget,
  work: (run: Execute) => Promise<T>,
  path = site.access.path,
): Promise<T> {
  const jump = plan.hosts.find(({ role }) => role === "jump");
  const hop =
    path === "jump" && jump !== undefined && jump.name !== target.name ? hostTarget(credentials, jump) : undefined;
  return withSession(target, hop, work);
}
