/** The whole program of siziano on strict mocks: a sound production site, and what it registers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import type { RegionOutputs } from "../../components/outputs";
import type { PreflightReport } from "../../components/preflight/preflight";
import { program } from "../../components/program";
import type { Fault } from "../../config/fault";
import type { Site } from "../../config/site";
import { repository } from "../../lab/paths";
import { canarySecrets } from "./canary-secrets";
import { exampleSites } from "./example-sites";
import { configureStack, project } from "./site-stack";
import { installStrictMocks, type Recording, type Registered, type StrictMocks } from "./strict-mocks";

export const site: Site = exampleSites().siziano;

/** What the check wants of a production site beyond the example. */
const authority = readFileSync(join(repository, "test", "support", "authority.pem"), "utf8");
const { certificate } = site.hosts.auth;

export const soundSite = {
  addressesConfirmed: true,
  vcenter: { ...site.vcenter, tls: { caCertificate: authority } },
  activeDirectory: {
    ...site.activeDirectory,
    ldap: { ...site.activeDirectory.ldap, caCertificate: authority },
  },
  hosts: {
    ...site.hosts,
    auth: { ...site.hosts.auth, certificate: { ...certificate, caCertificate: authority } },
  },
  mirrors: { ...site.mirrors, registry: { ...site.mirrors.registry, caCertificate: authority } },
  administrators: {
    ...site.administrators,
    keys: [
      {
        name: "admin",
        publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEOKQuzZ9pCOeKFUxBviCJEKbv8ypE/0AjB8by4hUSgL admin",
      },
    ],
  },
};

/** All clusters planned and none deployed: the hosts alone. */
export const hostsAlone = {
  clusters: Object.fromEntries(
    Object.entries(site.clusters).map(([name, cluster]) => [name, { ...cluster, state: "planned" }]),
  ),
};

const kubeconfig = stringify({
  clusters: [
    {
      name: "c",
      cluster: {
        server: "https://172.20.10.30:6443",
        "certificate-authority-data": Buffer.from(authority).toString("base64"),
      },
    },
  ],
  users: [],
});

/** What plugins read back from hosts and clusters. */
const outputs = {
  "siziano-k8s-capi-kubeconfig": { stdout: kubeconfig },
  ...Object.fromEntries(
    Object.keys(site.clusters).map((cluster) => [
      `siziano-k8s-${cluster}-machines-kubeconfig`,
      { data: { value: Buffer.from(kubeconfig).toString("base64") } },
    ]),
  ),
  ...Object.fromEntries(
    ["", ...Object.keys(site.clusters).map((cluster) => `-${cluster}`)].map((cluster) => [
      `siziano-k8s${cluster}-verify-token`,
      { data: { token: Buffer.from("CANARY-verify").toString("base64") } },
    ]),
  ),
};

export const report = (...faults: readonly Fault[]): PreflightReport => ({ faults, vcenterThumbprint: "AA:BB" });

/** Makes the next program run on the mocks, with the sound site and the changes. */
export async function prepareStack(
  mocks: StrictMocks,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Recording> {
  const recording = await installStrictMocks(project, "siziano", { ...mocks, outputs });
  configureStack("siziano", canarySecrets(site), { ...soundSite, ...changes });
  return recording;
}

/** Registrations run on promises that nobody hands out; Pulumi knows when the last one is through. */
export const settled = () => pulumi.runtime.disconnect();

export interface Run {
  readonly registered: readonly Registered[];
  readonly outputs: RegionOutputs;
}

/** Runs the program to its end. Fails on whatever the mocks refuse. */
export async function deployStack(mocks: StrictMocks, changes?: Readonly<Record<string, unknown>>): Promise<Run> {
  const { registered, refused } = await prepareStack(mocks, changes);
  const told = await program(async () => report());
  await settled();
  expect(refused).toEqual([]);
  return { registered, outputs: told };
}

/** A resource by its name. Throws with the names that there are. */
export function named({ registered }: Pick<Run, "registered">, name: string): Registered {
  const found = registered.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`${name} was not registered: ${registered.map((r) => r.name).join(", ")}`);
  return found;
}
