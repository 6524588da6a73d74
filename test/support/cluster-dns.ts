/**
 * The real CoreDNS as the pod runs it: its own network, the service account's token where Kubernetes puts it, no rights of
 * root. The API server is on this machine's loopback; a pipe brings it into the network.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { consoleProgress } from "../../lab/progress";
import { ensureRoot } from "../../lab/roots";
import { fixtureRoot } from "../../lab/roots/fixture";
import { inNamespace, run, waitFor } from "../../lab/run";
import { ensureToolchain } from "../../lab/toolchain";
import { ports } from "../../render/cluster-dns/corefile";
import type { KubeApi } from "./kube-api";
import { Switch } from "./switch";

/** Address of the pod in its network. */
export const podAddress = "10.64.1.10";

/** Brings a Unix socket to a port of a network's loopback. */
const PIPE = `require("node:net").createServer((c) => c.on("error", () => c.destroy()).pipe(require("node:net").connect(process.argv[1]).on("error", () => c.destroy())).pipe(c)).listen(443, "127.0.0.1")`;

/** Mounts nothing that anybody else sees; $1 holds ca.crt, token and Corefile, $2 is the program. */
const POD = `mount -t tmpfs tmpfs /run
mkdir -p /run/secrets/kubernetes.io/serviceaccount
cp "$1/ca.crt" "$1/token" /run/secrets/kubernetes.io/serviceaccount
mkdir /run/configuration; cp "$1/Corefile" /run/configuration; cp "$2" /run/coredns
[ -e /var/run/secrets ] || { echo "/var/run is not /run here" >&2; exit 1; }
exec setpriv --reuid=65532 --regid=65532 --clear-groups --no-new-privs --pdeathsig KILL \\
  env -i KUBERNETES_SERVICE_HOST=127.0.0.1 KUBERNETES_SERVICE_PORT=443 /run/coredns -conf /run/configuration/Corefile`;

export interface RunningDns {
  /** dig's whole answer to a question at the pod's port. */
  dig(...question: string[]): Promise<string>;
  /** A page of the pod: `/metrics` and the like. */
  page(port: number, path: string): Promise<string>;
  log(): string;
  stop(): Promise<void>;
}

export async function startClusterDns(api: KubeApi, token: string, corefile: string): Promise<RunningDns> {
  const progress = consoleProgress();
  const { paths } = await ensureToolchain({ progress, names: ["coredns"] });
  const root = await ensureRoot(fixtureRoot, progress);
  const folder = mkdtempSync(join(tmpdir(), "cluster-dns-"));
  const { clusters } = parse(api.kubeconfig) as { clusters: { cluster: Record<string, string> }[] };
  const ca = Buffer.from(clusters[0].cluster["certificate-authority-data"], "base64").toString();
  for (const [name, text] of Object.entries({ "ca.crt": ca, token, Corefile: corefile })) {
    writeFileSync(join(folder, name), text, { mode: 0o644 });
  }
  const network = await Switch.create("dnstest");
  const namespace = await network.attach("pod", [`${podAddress}/24`]);
  const socket = join(folder, "api");
  const server = await pipeTo(socket, new URL(api.url).port);
  const children: ChildProcess[] = [];
  let words = "";
  const inside = (command: readonly string[]) => {
    const [program, ...args] = inNamespace(namespace, ["setpriv", "--pdeathsig", "KILL", ...command]);
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (words += text.toString()));
    children.push(child);
  };
  inside([process.execPath, "-e", PIPE, socket]);
  inside(["unshare", "--mount", "--propagation", "private", "sh", "-euc", POD, "pod", folder, paths.coredns]);
  const inNetwork = (command: readonly string[], accept: readonly number[] = [0]) =>
    run(inNamespace(namespace, ["chroot", root, ...command]), { accept });
  const page = async (port: number, path: string) => {
    const script = `fetch("http://${podAddress}:${port}${path}").then(async (r) => { if (!r.ok) throw new Error(r.status); console.log(await r.text()); })`;
    return (await run(inNamespace(namespace, [process.execPath, "-e", script]))).stdout;
  };
  const stop = async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const ended = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGKILL");
      await ended;
    }
    await new Promise((resolve) => server.close(resolve));
    await network.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await waitFor("CoreDNS to be ready", 60_000, () => page(ports.ready, "/ready"));
  } catch (error) {
    await stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${words}`);
  }
  return {
    page,
    stop,
    log: () => words,
    dig: async (...question) =>
      (await inNetwork(["dig", "+time=3", "+tries=1", "-p", String(ports.dns), `@${podAddress}`, ...question], [0, 9]))
        .stdout,
  };
}

function pipeTo(socket: string, port: string): Promise<Server> {
  const server = createServer((client) => {
    const api = connect(Number(port), "127.0.0.1");
    client
      .on("error", () => api.destroy())
      .pipe(api.on("error", () => client.destroy()))
      .pipe(client);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(socket, () => resolve(server));
  });
}
