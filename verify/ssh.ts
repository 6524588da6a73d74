/** SSH to a host of the VLAN, with its key pinned, over the jump host where the site says so. */
import type { Duplex } from "node:stream";
import { Client, type ConnectConfig } from "ssh2";
import type { Site } from "../config/site";
import type { HostPlan, RegionPlan } from "../plan/model";
import type { Credentials } from "./credentials";

/** Runs one command and returns what it printed. Throws with what it said on standard error. */
export type Execute = (command: string) => Promise<string>;

/** Milliseconds until a host that says nothing counts as unreachable. */
const readyTimeout = 20_000;

function connect(host: HostPlan, { ssh }: Credentials, sock?: Duplex): Promise<Client> {
  const pinned = ssh.hostKeys[host.name]?.split(" ")[1];
  if (pinned === undefined) throw new Error(`${host.name}: no host key to know it by`);
  const config: ConnectConfig = {
    host: host.address,
    username: ssh.user,
    privateKey: ssh.privateKey,
    readyTimeout,
    hostVerifier: (key: Buffer) => key.toString("base64") === pinned,
    algorithms: { serverHostKey: ["ssh-ed25519"] },
    ...(sock === undefined ? {} : { sock }),
  };
  return new Promise((resolve, reject) => {
    const client = new Client();
    client.once("ready", () => resolve(client));
    client.once("error", (error) => reject(new Error(`SSH to ${host.name} (${host.address}): ${error.message}`)));
    client.connect(config);
  });
}

function forward(jump: Client, host: HostPlan): Promise<Duplex> {
  return new Promise((resolve, reject) =>
    jump.forwardOut("127.0.0.1", 0, host.address, 22, (error, channel) =>
      error ? reject(new Error(`the jump host to ${host.name} (${host.address}): ${error.message}`)) : resolve(channel),
    ),
  );
}

function execute(client: Client, command: string): Promise<string> {
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
    }),
  );
}

/** A session on a host for as long as `work` takes. */
export async function withHost<T>(
  site: Site,
  plan: RegionPlan,
  credentials: Credentials,
  host: HostPlan,
  work: (run: Execute) => Promise<T>,
): Promise<T> {
  const opened: Client[] = [];
  const open = async (target: HostPlan, sock?: Duplex): Promise<Client> => {
    const client = await connect(target, credentials, sock);
    // What ends it later shows in the command that was under way.
    client.on("error", () => undefined);
    opened.push(client);
    return client;
  };
  try {
    const jump = plan.hosts.find(({ role }) => role === "jump");
    const client =
      site.access.path === "jump" && jump !== undefined && jump.name !== host.name
        ? await open(host, await forward(await open(jump), host))
        : await open(host);
    return await work((command) => execute(client, command));
  } finally {
    for (const client of opened.reverse()) client.end();
  }
}
