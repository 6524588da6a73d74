/** SSH with pinned host keys: to a host of the VLAN, or to a domain controller, over the jump host where the site says so. */
import type { Duplex } from "node:stream";
import { Client, type ConnectConfig } from "ssh2";
import type { Site } from "../config/site";
import type { HostPlan, RegionPlan } from "../plan/model";
import type { Credentials } from "./credentials";

/** Runs one command, with an input where one is given, and returns what it printed. Throws with what it said on standard error. */
export type Execute = (command: string, stdin?: string) => Promise<string>;

/** Where, as whom, and by which key the other side is known (`type base64`). */
export interface SshTarget {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly privateKey: string;
  readonly hostKey: string | undefined;
  /** Of a machine that has only just booted: the key that it shows until it has its own. */
  readonly firstBootKey?: string;
}

/** Milliseconds until a host that says nothing counts as unreachable. */
const readyTimeout = 20_000;

/** The signature algorithms of a type of host key; RSA's have names of their own (RFC 8332). */
const algorithmsOf = (type: string) => (type === "ssh-rsa" ? ["rsa-sha2-512", "rsa-sha2-256"] : [type]);

function connect(target: SshTarget, sock?: Duplex): Promise<Client> {
  const [type, pinned] = target.hostKey?.split(" ") ?? [];
  if (type === undefined || pinned === undefined) throw new Error(`${target.name}: no host key to know it by`);
  const config: ConnectConfig = {
    host: target.address,
    port: target.port,
    username: target.user,
    privateKey: target.privateKey,
    readyTimeout,
    hostVerifier: (key: Buffer) => [pinned, target.firstBootKey?.split(" ")[1]].includes(key.toString("base64")),
    keepaliveInterval: 15_000,
    algorithms: { serverHostKey: algorithmsOf(type) as never },
    ...(sock === undefined ? {} : { sock }),
  };
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once("ready", () => resolve(client));
    client.once("error", (error) => reject(new Error(`SSH to ${target.name} (${target.address}): ${error.message}`)));
    client.connect(config);
  });
}

function forward(jump: Client, { name, address, port }: SshTarget): Promise<Duplex> {
  return new Promise((resolve, reject) =>
    jump.forwardOut("127.0.0.1", 0, address, port, (error, channel) =>
      error ? reject(new Error(`the jump host to ${name} (${address}): ${error.message}`)) : resolve(channel),
    ),
  );
}

function execute(client: Client, command: string, stdin?: string): Promise<string> {
  return new Promise((resolve, reject) =>
    client.exec(command, (error, channel) => {
      if (error) return reject(error);
      let stdout = "";
      let stderr = "";
      channel.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
      channel.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
      channel.once("close", (code: number | null) =>
        code === 0 ? resolve(stdout) : reject(new Error(stderr.trim() || `${command}: exit code ${code}`)),
      );
      if (stdin !== undefined) channel.end(stdin);
    }),
  );
}

/** A host of the VLAN, as the account `verify`. */
export const hostTarget = ({ ssh }: Credentials, { name, address }: HostPlan): SshTarget => ({
  name,
  address,
  port: 22,
  user: ssh.user,
  privateKey: ssh.privateKey,
  hostKey: ssh.hostKeys[name],
});

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
    return await work((command, stdin) => execute(client, command, stdin));
  } finally {
    for (const client of opened.reverse()) client.end();
  }
}

/** The same by the way that the site's other connections take. */
export function withSsh<T>(
  site: Site,
  plan: RegionPlan,
  credentials: Credentials,
  target: SshTarget,
  work: (run: Execute) => Promise<T>,
): Promise<T> {
  const jump = plan.hosts.find(({ role }) => role === "jump");
  const hop =
    site.access.path === "jump" && jump !== undefined && jump.name !== target.name
      ? hostTarget(credentials, jump)
      : undefined;
  return withSession(target, hop, work);
}
