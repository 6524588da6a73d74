/** A node's containerd beside a mirror's registry, both the real ones, in a network of their own: what an air-gapped node pulls. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureCertificateAuthority } from "../../lab/certificates";
import { registryParts } from "../../lab/fixtures/registry";
import { consoleProgress } from "../../lab/progress";
import { ensureRoot } from "../../lab/roots";
import { nodePackagesRoot } from "../../lab/roots/node";
import { run, waitFor } from "../../lab/run";
import type { Toolchain } from "../../lab/toolchain";
import { registryFiles } from "../../render/registries";
import { RootMachine } from "./root-process";

const mirror = "mirror.example";
const port = 5000;

/** One machine that is the registry and the node at once, so that nothing but loopback is needed. */
export class AirGappedNode {
  private constructor(
    private readonly machine: RootMachine,
    private readonly namespace: string,
    private readonly folder: string,
  ) {}

  /** `store`: what `ensureImages` made. */
  static async start(namespace: string, store: string, toolchain: Toolchain): Promise<AirGappedNode> {
    const folder = await mkdtemp(join(tmpdir(), "node-"));
    const authority = await ensureCertificateAuthority(join(folder, "ca"), "Test");
    const server = await authority.issue("registry", [mirror]);
    const program = toolchain.paths.registry;
    const { files, binds } = registryParts({ address: "127.0.0.1", port, server, store, program });
    const registry = { url: `https://${mirror}:${port}`, caCertificate: authority.certificate };
    const trust = registryFiles({ mirrors: { registry, addresses: [], components: { kind: "upstream" } } });
    const hosts = { path: "/etc/hosts", content: `127.0.0.1 localhost ${mirror}\n` };
    const served = Object.entries(files).map(([path, { content }]) => ({ path, content }));
    await run(["ip", "netns", "add", namespace]);
    const machine = await RootMachine.start(namespace, [hosts, ...served, ...trust], {
      root: await ensureRoot(nodePackagesRoot, consoleProgress()),
      mounts: {
        // containerd's snapshots are overlays: their upper folders cannot lie on an overlay.
        "/var/lib/containerd": await mkdtemp(join(folder, "containerd-")),
        ...Object.fromEntries(binds.map(({ source, target }) => [target, source])),
      },
    });
    const node = new AirGappedNode(machine, namespace, folder);
    const [, command = ""] = /^ExecStart=(.*)$/m.exec(files["/etc/systemd/system/registry.service"].content) ?? [];
    await machine.exec(["sh", "-c", `${command} > /run/registry.log 2>&1 & containerd > /run/containerd.log 2>&1 &`]);
    await waitFor("containerd and the registry", 20_000, async () => {
      const ready = [
        "ctr version",
        `curl -sSf --cacert /etc/containerd/site-registry.crt https://${mirror}:${port}/v2/`,
      ];
      return machine.exec(["sh", "-c", ready.join(" && ")]).then(
        () => true,
        () => undefined,
      );
    });
    return node;
  }

  /** Pulls and unpacks an image by its upstream name. Throws what containerd says. */
  async pull(image: string): Promise<void> {
    await this.ctr(["images", "pull", "--hosts-dir", "/etc/containerd/certs.d", image]);
  }

  /** What a command of an image says, in the image's file system and as the image's user; throws unless it ends with 0. */
  run(image: string, command: readonly string[], user = "0:0"): Promise<string> {
    return this.mounted(image, (root) =>
      // A container's user without an entry in passwd has / for its home.
      this.machine.exec([
        "sh",
        "-c",
        'cd / && HOME=/ exec "$@" 2>&1',
        "sh",
        "chroot",
        `--userspec=${user}`,
        root,
        ...command,
      ]),
    );
  }

  /** A program's file capabilities, as getcap writes them. */
  capabilities(image: string, program: string): Promise<string> {
    return this.mounted(image, (root) => this.machine.exec(["getcap", `${root}${program}`]));
  }

  private async mounted<T>(image: string, work: (root: string) => Promise<T>): Promise<T> {
    await this.ctr(["images", "mount", "--rw", image, "/mnt"]);
    try {
      return await work("/mnt");
    } finally {
      await this.ctr(["images", "unmount", "--rm", "/mnt"]);
    }
  }

  async stop(): Promise<void> {
    await this.machine.stop();
    await run(["ip", "netns", "delete", this.namespace]);
    await rm(this.folder, { recursive: true });
  }

  private ctr(command: readonly string[]): Promise<string> {
    // Unpacking the largest image takes eight seconds on an idle machine, and minutes on one that compiles.
    return this.machine.exec(["ctr", "--namespace", "k8s.io", ...command], undefined, 300_000);
  }
}
