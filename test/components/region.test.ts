import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Fault } from "../../config/fault";
import type { RegionOutputs } from "../../components/outputs";
import { program } from "../../components/program";
import { canaryMark, canarySecrets } from "../support/canary-secrets";
import { exampleSites } from "../support/example-sites";
import { drawGraph } from "../support/graph";
import { unpacked } from "../support/packed";
import { configureStack, project } from "../support/site-stack";
import { installStrictMocks, openStrings, secretValue, type Registered } from "../support/strict-mocks";
import { vsphereMocks } from "../support/vsphere-mocks";
import { expectGolden } from "../golden";

const site = exampleSites().siziano;
/** The hosts alone: what clusters add is in stack.test.ts. */
const planned = Object.fromEntries(
  Object.entries(site.clusters).map(([name, cluster]) => [name, { ...cluster, state: "planned" }]),
);
const report = (...faults: readonly Fault[]) => ({ faults, vcenterThumbprint: "AA:BB" });
/** What the check wants of a production site beyond the example. */
const authority = readFileSync(join(__dirname, "../support/authority.pem"), "utf8");
const certificate = site.hosts.auth.certificate;
const confirmed = {
  addressesConfirmed: true,
  clusters: planned,
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

interface Run {
  readonly registered: readonly Registered[];
  readonly outputs: RegionOutputs;
}

async function deploy(changes: Readonly<Record<string, unknown>> = {}, preview = false): Promise<Run> {
  const { registered, refused } = await installStrictMocks(project, "siziano", { ...vsphereMocks, preview });
  configureStack("siziano", canarySecrets(site), { ...confirmed, ...changes });
  const outputs = await program(async () => report());
  await settled();
  expect(refused).toEqual([]);
  return { registered, outputs };
}

/** Registrations run on promises that nobody hands out; Pulumi knows when the last one is through. */
const settled = () => pulumi.runtime.disconnect();

const named = ({ registered }: Run, name: string): Registered => {
  const found = registered.find((resource) => resource.name === name);
  if (found === undefined) throw new Error(`${name} was not registered: ${registered.map((r) => r.name).join(", ")}`);
  return found;
};

describe("the region of siziano", () => {
  let run: Run;
  beforeAll(async () => {
    run = await deploy();
  });

  test("is this tree", () => {
    expectGolden("../../components/golden/region-siziano.txt", drawGraph(run.registered));
  });

  test("registers the same resources when no id is known, so none hides inside an apply", async () => {
    const names = ({ registered }: Run) => registered.map((resource) => resource.urn).sort();
    expect(names(await deploy({}, true))).toEqual(names(run));
  });

  test("shows no secret in any input", () => {
    for (const { name, inputs } of run.registered) {
      const open = openStrings(inputs).filter((text) => text.includes(canaryMark));
      expect({ name, open }).toEqual({ name, open: [] });
    }
  });

  test("shows no secret in the stack's outputs, and marks none of them secret", async () => {
    const outputs = pulumi.output(run.outputs);
    expect(await pulumi.isSecret(outputs)).toBe(false);
    expect(JSON.stringify(await promiseOf(outputs))).not.toContain(canaryMark);
  });

  test.each([
    ["jump", ["CANARY-host-jump-key"]],
    ["auth", ["CANARY-host-auth-key", "CANARY-directory"]],
    ["bgp1", ["CANARY-host-bgp1-key", "CANARY-upstream", "CANARY-bgp-management", "CANARY-bgp-workloads"]],
    ["capi", ["CANARY-host-capi-key"]],
  ])("gives %s its own secrets and no other", (host, own) => {
    const guestinfo = secretValue(named(run, `siziano-${host}-vm`).inputs.extraConfig) as Record<string, string>;
    const text = Object.values(guestinfo).flatMap(unpacked).join("\n");
    const found = [...new Set(text.match(/CANARY-[a-z0-9-]+/g))].sort();
    expect(found).toEqual(own.sort());
  });

  test("replaces a machine whose first boot changed, the old one first", () => {
    const machine = named(run, "siziano-jump-vm");
    expect(machine.replaceOnChanges).toContain("extraConfig");
    expect(machine.deleteBeforeReplace).toBe(true);
    expect(machine.additionalSecretOutputs).toContain("extraConfig");
  });

  test("asks every host through the jump host, with both host keys pinned", () => {
    for (const host of ["auth", "bgp1", "bgp2", "capi"]) {
      const ready = named(run, `siziano-${host}-ready`);
      const connection = secretValue(ready.inputs.connection) as Record<string, unknown>;
      const proxy = connection.proxy as Record<string, unknown>;
      expect([connection.hostKey, proxy.hostKey]).toEqual([
        `ssh-ed25519 AAAAPUBLIChost${host} host-${host}`,
        "ssh-ed25519 AAAAPUBLIChostjump host-jump",
      ]);
      expect(ready.dependsOn).toContain("siziano-jump-ready");
    }
    expect(secretValue(named(run, "siziano-jump-ready").inputs.connection)).not.toHaveProperty("proxy");
  });

  test("touches a router only when the one before is ready", () => {
    expect(named(run, "siziano-bgp2-vm").dependsOn).toContain("siziano-bgp1-ready");
  });

  test("protects capi's data in production only", async () => {
    expect(named(run, "siziano-capi-data").protect).toBe(true);
    const protectedOnes = run.registered.filter((resource) => resource.protect).map((resource) => resource.name);
    expect(protectedOnes).toEqual(["siziano-capi-data"]);
    const lab = await deploy({ environment: "lab" });
    expect(named(lab, "siziano-capi-data").protect).toBe(false);
  });

  test("goes straight to the hosts where the site says so", async () => {
    const direct = await deploy({ access: { ...site.access, path: "direct" } });
    const ready = named(direct, "siziano-auth-ready");
    expect(secretValue(ready.inputs.connection)).not.toHaveProperty("proxy");
    expect(ready.dependsOn).not.toContain("siziano-jump-ready");
  });

  test("never asks the provider to skip TLS or to log its requests", () => {
    const { inputs } = named(run, "siziano-vcenter");
    expect(inputs).toMatchObject({ allowUnverifiedSsl: "false", clientDebug: "false" });
  });
});

describe("before the first resource", () => {
  test("a fault of the site file stops the program", async () => {
    const { registered } = await installStrictMocks(project, "siziano", vsphereMocks);
    configureStack("siziano", canarySecrets(site), { addressesConfirmed: false });
    await expect(program(async () => report())).rejects.toThrow("addressesConfirmed");
    expect(registered).toEqual([]);
  });

  test("a fault of vCenter stops the program, a notice does not", async () => {
    const fault = (severity: Fault["severity"]): Fault => ({
      site: "siziano",
      path: "vcenter.datastore",
      rule: "datastore-room",
      problem: "is full",
      remedy: "free space",
      severity,
    });
    const { registered } = await installStrictMocks(project, "siziano", vsphereMocks);
    configureStack("siziano", canarySecrets(site), confirmed);
    await expect(program(async () => report(fault("error")))).rejects.toThrow(
      /nothing was touched[^]*is full[^]*free space/,
    );
    expect(registered).toEqual([]);
    const warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
    await program(async () => report(fault("notice")));
    await settled();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("is full"));
    expect(registered).not.toEqual([]);
  });

  test("preflight gets the password, and may read only in a preview", async () => {
    const seen: unknown[] = [];
    for (const preview of [true, false]) {
      await installStrictMocks(project, "siziano", { ...vsphereMocks, preview });
      configureStack("siziano", canarySecrets(site), confirmed);
      await program(async ({ password, mayBeReadOnly }) => {
        seen.push([password, mayBeReadOnly]);
        return report();
      });
      await settled();
    }
    const { vcenterPassword } = canarySecrets(site);
    expect(seen).toEqual([
      [vcenterPassword, true],
      [vcenterPassword, false],
    ]);
  });
});

describe("the mocks themselves", () => {
  test("refuse what plain mocks let pass", async () => {
    const { refused } = await installStrictMocks(project, "siziano", { functions: {}, resources: ["a:index:A"] });
    class Group extends pulumi.ComponentResource {}
    class Thing extends pulumi.CustomResource {}
    const parent = new Group("a:index:Group", "group");
    new Thing("a:index:A", "group-one", {}, { parent });
    new Thing("a:index:A", "group-one", {}, { parent });
    new Thing("a:index:A", "other", {}, { parent });
    new Thing("a:index:A", "orphan", {});
    new Thing("a:index:B", "group-two", {}, { parent });
    await pulumi.runtime.invoke("a:index:f", {});
    await settled();
    expect(refused.sort()).toEqual([
      "a:index:A (orphan): has no parent",
      "a:index:B (group-two): no such resource in the plugins",
      "a:index:f: no such function in the plugins",
      "other: a child of group is group-role",
      "urn:pulumi:siziano::kubernetes-vsphere::a:index:Group$a:index:A::group-one: registered twice",
    ]);
  });

  test("see a secret in the open, packed or not", () => {
    const packed = Buffer.from("a CANARY-in-base64").toString("base64");
    expect(openStrings({ a: ["CANARY-plain"], b: { c: packed } })).toEqual(
      expect.arrayContaining(["CANARY-plain", "a CANARY-in-base64"]),
    );
  });
});

function promiseOf<T>(output: pulumi.Output<T>): Promise<T> {
  return new Promise((resolve) => {
    output.apply(resolve);
  });
}
