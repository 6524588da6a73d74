/** A vCenter for one test: the lab's simulator on the loopback, with the example site's inventory and no machines. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requiredPrivileges } from "../../components/preflight/privileges";
import type { Site } from "../../config/site";
import { ensureCertificateAuthority } from "../../lab/certificates";
import { isRunning, startDetached, stopRecorded } from "../../lab/process";
import { consoleProgress } from "../../lab/progress";
import { ensureToolchain } from "../../lab/toolchain";

/** What a test changes; the rest fits the example site. */
export interface VcenterChanges {
  readonly inventory?: Readonly<Record<string, unknown>>;
  /** Changes to every template. */
  readonly template?: Readonly<Record<string, unknown>>;
  /** The account's rights; default: exactly the documented ones. */
  readonly privileges?: readonly string[];
}

export interface SimulatedVcenter {
  /** The site with this vCenter in place of its own. */
  readonly site: Site;
  readonly password: string;
  /** File with the CA that signed the certificate. */
  readonly authority: string;
  stop(): Promise<void>;
}

export const documentedPrivileges: readonly string[] = [
  ...new Set(requiredPrivileges.flatMap(({ privileges }) => Object.keys(privileges))),
];

export async function startVcenter(site: Site, changes: VcenterChanges = {}): Promise<SimulatedVcenter> {
  const { paths } = await ensureToolchain({ progress: consoleProgress(), names: ["hypervisor"] });
  const folder = mkdtempSync(join(tmpdir(), "vcenter-"));
  const ca = await ensureCertificateAuthority(folder, "Test CA");
  await ca.issue("vcenter", ["127.0.0.1"]);
  const server = `127.0.0.1:${await freePort()}`;
  const password = `"'\\ $\{x}%s#*()&<ü> secret`;
  const { vcenter } = site;
  const template = (name: string) => ({
    name,
    root: folder,
    hardwareVersion: "vmx-19",
    guestId: "debian12_64Guest",
    cpus: 1,
    memoryMiB: 512,
    diskGiB: 4,
    annotation: "cloud-init: 22.4.2",
    ...changes.template,
  });
  const config = join(folder, "config.json");
  writeFileSync(
    config,
    JSON.stringify({
      listen: server,
      certFile: join(folder, "vcenter.crt"),
      keyFile: join(folder, "vcenter.key"),
      username: vcenter.username,
      password,
      privileges: changes.privileges ?? documentedPrivileges,
      inventory: {
        datacenter: vcenter.datacenter,
        cluster: vcenter.computeCluster,
        hosts: ["esxi1.example", "esxi2.example"],
        datastore: vcenter.datastore,
        datastoreCapacityGiB: 1024,
        portGroups: [vcenter.portGroup],
        ...changes.inventory,
      },
      templates: [template(vcenter.templates.host.name), template(vcenter.templates.node.name)],
      switch: { namespace: "none", bridges: { [vcenter.portGroup]: "none" } },
      namespacePrefix: "none-",
      stateDir: join(folder, "state"),
    }),
  );
  const record = join(folder, "process.json");
  const log = join(folder, "log");
  await startDetached(
    [paths.hypervisor, "serve", "--config", config],
    { record, log },
    (text) => /^ready /m.test(text),
    30_000,
  );
  return {
    site: { ...site, vcenter: { ...vcenter, server, tls: { caCertificate: ca.certificate } } },
    password,
    authority: ca.certificateFile,
    async stop() {
      if (await isRunning(record)) await stopRecorded(record, 10_000);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === "object" ? resolve(address.port) : reject(address)));
    });
  });
}
