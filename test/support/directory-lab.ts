/**
 * The lab's domain controllers alone, with a machine in the place of gw and, on it, a name server at a cluster's `.10`: what a
 * forwarder needs before there are clusters. Commands reach the controllers over SSH, as `up` sends them.
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Site } from "../../config/site";
import { ensureCertificateAuthority } from "../../lab/certificates";
import { openDomain, startActiveDirectory } from "../../lab/fixtures/active-directory";
import { ensureDnsAccess, type DnsAccess } from "../../lab/fixtures/active-directory/ssh";
import type { FixtureContext } from "../../lab/fixtures/context";
import { labGuests } from "../../lab/guests";
import { ensureSwitch, removeNamespaces } from "../../lab/network";
import { labIdentity, namespaceName } from "../../lab/paths";
import { consoleProgress } from "../../lab/progress";
import { ensureRoot } from "../../lab/roots";
import { fixtureRoot } from "../../lab/roots/fixture";
import { inNamespace, run, type RunResult } from "../../lab/run";
import { surroundingsOf } from "../../lab/surroundings";
import { ensureToolchain } from "../../lab/toolchain";
import type { ForwarderPlan } from "../../plan/model";
import { planRegion } from "../../plan/plan";
import { nameServer } from "../../render/cluster-dns/corefile";
import { exampleSites } from "./example-sites";

const identity = labIdentity("siziano", "test-forwarders");

export interface DirectoryLab {
  readonly forwarder: ForwarderPlan & { readonly delegationFrom: string };
  /** Short names of the domain controllers. */
  readonly controllers: readonly string[];
  /** Runs a command as the stack's account on a controller, over its SSH. */
  ssh(controller: string, command: string): Promise<RunResult>;
  /** Runs a command as root inside a machine. */
  exec(machine: string, command: readonly string[]): Promise<RunResult>;
  /** Names or addresses that a controller gives for a name, asked from outside. */
  resolve(controller: string, name: string, type?: string): Promise<string[]>;
  /** Starts or stops the name server at `.10`; `as` is who it says it is. */
  nameServer(running: boolean, as?: string): Promise<void>;
  stop(): Promise<void>;
}

const siteWith = (administration: Site["activeDirectory"]["dns"]["administration"], access: DnsAccess): Site => {
  const site = exampleSites().siziano;
  const hostKeys = Object.fromEntries(Object.entries(access.hosts).map(([name, { publicKey }]) => [name, publicKey]));
  const { dns } = site.activeDirectory;
  const ssh = { ...dns.ssh!, hostKeys };
  return { ...site, activeDirectory: { ...site.activeDirectory, dns: { ...dns, administration, ssh } } };
};

export async function startDirectoryLab(administration: "windows" | "bind"): Promise<DirectoryLab> {
  const progress = consoleProgress();
  const { hypervisor } = (await ensureToolchain({ progress, names: ["hypervisor"] })).paths;
  const guests = labGuests(identity, hypervisor);
  const stop = async () => {
    await guests.removeAll();
    await removeNamespaces(identity);
    await rm(identity.directory, { recursive: true, force: true });
  };
  await stop();
  await mkdir(identity.directory, { recursive: true, mode: 0o700 });
  const access = await ensureDnsAccess(identity, exampleSites().siziano);
  const site = siteWith(administration, access);
  const plan = planRegion({ ...exampleSites(), siziano: site }, "siziano");
  const surroundings = surroundingsOf(site);
  const root = await ensureRoot(fixtureRoot, progress);
  const authority = await ensureCertificateAuthority(join(identity.directory, "ca"), "Lab CA of the forwarder test");
  const context: FixtureContext = { lab: identity, site, plan, surroundings, root, guests, authority, progress };
  const domain = await openDomain({ root, site, surroundings });
  const forwarder = plan.dns.forwarders[0] as DirectoryLab["forwarder"];
  await ensureSwitch(identity, plan.vlan.mtu);
  const { servers } = surroundings.networks;
  const gateway = { name: "eth0", network: servers, addresses: [servers.gateway, forwarder.address] };
  await guests.start({ name: "cluster", root, cards: [gateway], files: {}, units: [] });
  await startActiveDirectory(context, domain, access);

  const namespace = namespaceName(identity, "cluster");
  const addressOf = (name: string) => surroundings.domainControllers.find((each) => each.name === name)!.addresses[0];
  const key = join(identity.directory, "key");
  await writeFile(key, access.administration.privateKey, { mode: 0o600 });
  const known = join(identity.directory, "known_hosts");
  const lines = site.activeDirectory.servers.map(({ name, address }) => `${address} ${access.hosts[name].publicKey}\n`);
  await writeFile(known, lines.join(""));
  const options = ["-F", "none", "-i", key, "-o", `UserKnownHostsFile=${known}`, "-o", "StrictHostKeyChecking=yes"];
  const user = site.activeDirectory.dns.ssh!.user;
  return {
    forwarder,
    controllers: surroundings.domainControllers.map(({ name }) => name),
    ssh: (controller, command) =>
      run(
        inNamespace(namespace, ["ssh", ...options, "-o", "BatchMode=yes", `${user}@${addressOf(controller)}`, command]),
        {
          accept: "any",
        },
      ),
    exec: (machine, command) => guests.exec(machine, command),
    async resolve(controller, name, type = "A") {
      const asked = ["dig", "+short", "+time=2", "+tries=1", `@${addressOf(controller)}`, name, type];
      const { stdout } = await guests.exec("cluster", asked, { accept: [0, 9] });
      return stdout.split("\n").filter((line) => line !== "" && !line.startsWith(";"));
    },
    async nameServer(running, as = nameServer(forwarder.zone)) {
      const script = running
        ? startNamed(forwarder, as)
        : "pid=$(cat /run/named.pid); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done";
      await guests.exec("cluster", ["sh", "-euc", script]);
    },
    stop,
  };
}

/** A plain name server with a cluster's zone, answering at `.10` alone and nobody's questions but those about the zone. */
function startNamed({ zone, address }: ForwarderPlan, as: string): string {
  const configuration = `options { directory "/tmp"; pid-file "/run/named.pid"; listen-on { ${address}; }; listen-on-v6 { none; }; recursion no; };
zone "${zone}" { type primary; file "/tmp/zone"; };
controls {};`;
  const records = `$TTL 30
@ SOA ${as}. hostmaster.${as}. 1 7200 1800 86400 30
@ NS ${as}.
${nameServer(zone)}. A ${address}
ui.argocd A 172.21.10.100
`;
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return `printf %s ${quoted(configuration)} > /tmp/named.conf
printf %s ${quoted(records)} > /tmp/zone
named -c /tmp/named.conf`;
}
