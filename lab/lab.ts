/** A lab: one site's region on this machine, with all that surrounds it. */
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Secrets } from "../config/secrets";
import type { Site } from "../config/site";
import { parseSiteFiles, projectName, readSiteFile, readSiteFiles } from "../config/site-files";
import { checkedSites } from "../plan/check";
import type { RegionPlan, Sites } from "../plan/model";
import { planRegion } from "../plan/plan";
import type { CertificateAuthority } from "./certificates";
import { ciliumLabValues } from "./cilium-values";
import { ensureCertificateAuthority } from "./certificates";
import type { Domain } from "./fixtures/active-directory";
import { openDomain, startActiveDirectory } from "./fixtures/active-directory";
import { enterRecords, surroundingRecords } from "./fixtures/active-directory/records";
import { type DnsAccess, ensureDnsAccess } from "./fixtures/active-directory/ssh";
import { ensureBackupHostKey, startBackupServer } from "./fixtures/backups";
import type { FixtureContext } from "./fixtures/context";
import { depotMachine } from "./fixtures/depot";
import { gatewayMachine } from "./fixtures/gw";
import { internetMachine } from "./fixtures/internet";
import { officeMachine } from "./fixtures/office";
import { servicesMachine } from "./fixtures/services";
import type { Machine } from "./guests";
import { labGuests } from "./guests";
import { withLock } from "./lock";
import { ensureSwitch, removeNamespaces } from "./network";
import type { Operator } from "./operator";
import { officeOperator } from "./operator";
import type { Overlay } from "./overlay";
import type { LabIdentity } from "./paths";
import { repository } from "./paths";
import type { Prepared } from "./prepare";
import { prepare } from "./prepare";
import type { Progress } from "./progress";
import type { RunOptions, RunResult } from "./run";
import { RunError } from "./run";
import { ensureSecrets, randomPassword } from "./secrets";
import { ensureAdministratorKey, labAdministrator, writeSshConfiguration } from "./ssh";
import type { Stack } from "./stack";
import { openStack, staleLocks } from "./stack";
import { surroundingsOf } from "./surroundings";
import { ensureToolchain } from "./toolchain";
import type { VcenterPasswords } from "./vcenter";
import { startVcenter, stopVcenter, templateRoots } from "./vcenter";

export interface LabOptions {
  /** Values beyond the lab's own overlay, for tests; the same list of paths holds. */
  readonly overlay?: Overlay;
  /** Secrets of the stack that are not to be random: `vcenterPassword`, or one that `npm run secrets` would generate. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** A lab that is up, but for what `pulumi up` makes. */
export interface Lab {
  readonly identity: LabIdentity;
  readonly site: Site;
  readonly sites: Sites;
  readonly plan: RegionPlan;
  /** What the stack file has other than the real site's. */
  readonly overlay: Overlay;
  readonly stack: Stack;
  readonly operator: Operator;
  readonly authority: CertificateAuthority;
  readonly domain: Domain;
  readonly vcenter: VcenterPasswords;
  readonly prepared: Prepared;
  readonly context: FixtureContext;
  /** Runs `pulumi` as the operator, on this lab's stack. */
  pulumi(command: readonly string[], options?: Omit<RunOptions, "env" | "cwd">): Promise<RunResult>;
  /** Runs a command inside a fixture machine: `gw`, `ad1`, `office`, ... */
  exec(machine: string, command: readonly string[], options?: RunOptions): Promise<RunResult>;
}

const lockFile = (lab: LabIdentity) => `${lab.directory}.lock`;

/** Runs one lab command at a time: a second one waits for the first. */
export function exclusively<T>(lab: LabIdentity, progress: Progress, work: () => Promise<T>): Promise<T> {
  return withLock(lockFile(lab), work, () => progress.say("another command works on this lab, waiting for it"));
}

/** The real sites; the lab's own one is read from the file that `override` names, where there is one. */
function readSites(identity: LabIdentity, override?: string): Sites {
  const files = readSiteFiles(repository, override ? [identity.site] : []);
  const own = override ? [readSiteFile(identity.site, override, projectName(repository))] : [];
  const sites = checkedSites(parseSiteFiles([...files, ...own]));
  if (!(identity.site in sites)) {
    throw new Error(
      `site ${identity.site}: there is no Pulumi.${identity.site}.yaml; known: ${Object.keys(sites).join(", ")}`,
    );
  }
  return sites;
}

/** What a lab changes in every site file. */
function labOverlay(site: Site, authority: CertificateAuthority, administratorKey: string, dns: DnsAccess): Overlay {
  const clusters = Object.entries(site.clusters).flatMap(([name, { workers }]) => [
    [`clusters.${name}.controlPlane.replicas`, 1],
    ...Object.keys(workers).map((pool) => [`clusters.${name}.workers.${pool}.replicas`, 1]),
  ]);
  return {
    ...(Object.fromEntries(clusters) as Overlay),
    environment: "lab",
    "vcenter.tls": { caCertificate: authority.certificate },
    "activeDirectory.ldap.caCertificate": authority.certificate,
    "hosts.auth.certificate.caCertificate": authority.certificate,
    "mirrors.registry.caCertificate": authority.certificate,
    "cilium.extraValues": ciliumLabValues,
    "activeDirectory.dns.ssh.hostKeys": Object.fromEntries(
      Object.entries(dns.hosts).map(([name, { publicKey }]) => [name, publicKey]),
    ),
    "administrators.keys": [{ name: labAdministrator, publicKey: administratorKey }],
  };
}

function publicKeys(values: Readonly<Record<string, string>>): Record<string, string> {
  const pairs = JSON.parse(values.sshHostKeys) as Record<string, { publicKey: string }>;
  return Object.fromEntries(Object.entries(pairs).map(([host, { publicKey }]) => [host, publicKey]));
}

/** Password of the BGP sessions with gw; none where its upstream is static. */
function upstreamPassword(values: Readonly<Record<string, string>>): string | undefined {
  return (JSON.parse(values.bgpPasswords) as { upstream?: string }).upstream;
}

/** Public half of the key that backups are delivered with; none where they go to no SSH server. */
function backupKey({ backupKeys }: Readonly<Record<string, string>>): string | undefined {
  if (backupKeys === undefined || backupKeys === "") return undefined;
  return (JSON.parse(backupKeys) as Partial<Secrets["backupKeys"]>).ssh?.publicKey;
}

/** As Promise.all, but everything has ended before a failure is reported: nothing goes on behind the caller's back. */
async function all<T extends readonly unknown[]>(works: readonly [...{ [K in keyof T]: Promise<T[K]> }]): Promise<T> {
  await Promise.allSettled(works);
  return (await Promise.all(works)) as unknown as T;
}

/** Starts everything around the region. Repeatable: what runs as it should is left alone. */
export async function startLab(identity: LabIdentity, progress: Progress, options: LabOptions = {}): Promise<Lab> {
  const prepared = await prepare(progress);
  await mkdir(identity.directory, { recursive: true, mode: 0o700 });
  const real = readSites(identity)[identity.site];
  const authority = await ensureCertificateAuthority(join(identity.directory, "ca"), `Lab CA of ${identity.name}`);
  const { vcenterPassword, ...stackSecrets } = options.secrets ?? {};
  const secrets = await ensureSecrets(join(identity.directory, "secrets.json"), {
    passphrase: randomPassword,
    vcenterPassword: () => vcenterPassword ?? randomPassword(),
    readOnlyPassword: randomPassword,
  });
  const stack = openStack(identity, prepared.toolchain, secrets.passphrase);
  const administratorKey = await ensureAdministratorKey(identity);
  const surroundings = surroundingsOf(real);
  const root = prepared.roots.fixture;
  const domain = await openDomain({ root, site: real, surroundings });
  const dns = await ensureDnsAccess(identity, real);
  const backupHostKey = await ensureBackupHostKey(identity);
  const overlay = {
    ...labOverlay(real, authority, administratorKey, dns),
    ...(real.backups.kind === "ssh"
      ? { "backups.hostKey": backupHostKey.publicKey.split(" ").slice(0, 2).join(" ") }
      : {}),
    ...options.overlay,
  };
  await stack.writeFile(overlay);
  const sites = readSites(identity, stack.file);
  const site = sites[identity.site];
  const plan = planRegion(sites, identity.site);
  await progress.step("networks", () => ensureSwitch(identity, plan.vlan.mtu));
  const { hypervisor } = prepared.toolchain.paths;
  const guests = labGuests(identity, hypervisor);
  const context: FixtureContext = { lab: identity, site, plan, surroundings, root, guests, authority, progress };
  const secretsSet = progress.step("secrets of the stack", async () => {
    const { vcenterPassword: password } = secrets;
    stack.setSecrets({
      vcenterPassword: password,
      activeDirectoryPassword: domain.bindPassword,
      dnsAdministrationKey: dns.administration.privateKey,
      ...stackSecrets,
    });
    await stack.generateSecrets();
    const values = stack.values();
    await writeSshConfiguration(identity, plan, publicKeys(values));
    return values;
  });
  const start = (machine: Machine) => progress.step(`machine ${machine.name}`, () => guests.start(machine));
  const templates = templateRoots(site, prepared.roots);
  // All at once: the slowest are Active Directory and the secrets, which gw alone has to wait for.
  const [, , , , , vcenterIsNew] = await all([
    secretsSet.then((values) => start(gatewayMachine(context, upstreamPassword(values)))),
    start(servicesMachine(context)),
    secretsSet.then((values) => startBackupServer(context, backupHostKey, backupKey(values), progress)),
    start(internetMachine(context)),
    start(officeMachine(context)),
    progress.step("vCenter", () =>
      startVcenter(identity, hypervisor, site, surroundings, authority, secrets, templates),
    ),
    depotMachine(context, {
      mirror: prepared.mirror,
      registry: { store: prepared.images, program: prepared.toolchain.paths.registry },
    }).then(start),
    progress.step("Active Directory", async () => {
      await startActiveDirectory(context, domain, dns);
      await enterRecords(context, domain, [...plan.dns.records, ...surroundingRecords(context)]);
    }),
  ]);
  if (vcenterIsNew) await stack.forget();
  const operator = await officeOperator(identity, context, stack.environment);
  return {
    identity,
    site,
    sites,
    plan,
    overlay,
    stack,
    operator,
    authority,
    domain,
    vcenter: secrets,
    prepared,
    context,
    exec: guests.exec,
    pulumi: (command, runOptions) =>
      operator.run([prepared.toolchain.paths.pulumi, ...stack.arguments(command)], { ...runOptions, cwd: repository }),
  };
}

/** `pulumi up` of the region as the operator; takes over from one that was interrupted. Throws with where its words are. */
export async function deploy(lab: Lab, progress: Progress): Promise<void> {
  if ((await staleLocks(lab.stack)).length > 0) await lab.pulumi(["cancel", "--yes"]);
  const file = join(lab.identity.directory, "pulumi.log");
  const log = createWriteStream(file);
  const onLine = (line: string) => {
    log.write(`${line}\n`);
    if (line.trim()) progress.say(`pulumi: ${line.trim()}`);
  };
  // vCenter may be a new one, and machines may have died: only a refresh sees that.
  const refresh = (await lab.stack.isDeployed()) ? ["--refresh"] : [];
  const command = ["up", "--yes", "--skip-preview", "--suppress-outputs", "--color", "never", ...refresh];
  await progress.step(`pulumi up of ${lab.identity.site}`, async () => {
    try {
      await lab.pulumi(command, { onLine });
    } catch (error) {
      if (!(error instanceof RunError)) throw error;
      throw new Error(`pulumi up failed with exit code ${error.result.code}; all that it said is above and in ${file}`);
    } finally {
      log.end();
    }
  });
}

/** Removes everything of this lab and nothing else; also what an interrupted `up` left. */
export async function stopLab(identity: LabIdentity, progress: Progress): Promise<void> {
  const { hypervisor } = (await ensureToolchain({ progress, names: ["hypervisor"] })).paths;
  await progress.step("vCenter and its machines", () => stopVcenter(identity, hypervisor));
  await progress.step("machines around the region", () => labGuests(identity, hypervisor).removeAll());
  await progress.step("networks", () => removeNamespaces(identity));
  await rm(identity.directory, { recursive: true, force: true });
}
