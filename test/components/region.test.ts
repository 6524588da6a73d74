import * as pulumi from "@pulumi/pulumi";
import { program } from "../../components/program";
import type { Fault } from "../../config/fault";
import type { PlaceRequest } from "../../render/place-request";
import { canaryMark, canarySecrets } from "../support/canary-secrets";
import {
  deployStack,
  hostsAlone,
  named,
  prepareStack,
  report,
  settled,
  site,
  soundSite,
  type Run,
} from "../support/deployed-stack";
import { drawGraph } from "../support/graph";
import { unpacked } from "../support/packed";
import { project } from "../support/site-stack";
import { installStrictMocks, openStrings, secretValue } from "../support/strict-mocks";
import { vsphereMocks } from "../support/vsphere-mocks";
import { expectGolden } from "../golden";

/** What clusters add is in stack.test.ts. */
const deploy = (changes: Readonly<Record<string, unknown>> = {}, preview = false): Promise<Run> =>
  deployStack({ ...vsphereMocks, preview }, { ...hostsAlone, ...changes });

/** What the program is told that makes a host of a machine. */
const requestOf = (run: Run, host: string): PlaceRequest =>
  JSON.parse(secretValue(named(run, `siziano-${host}-ready`).inputs.stdin) as string) as PlaceRequest;

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

  test("has two secret outputs, both kubeconfigs; the others show none", async () => {
    const outputs = Object.entries(run.outputs).map(([name, value]) => [name, pulumi.output(value)] as const);
    const secret = await Promise.all(
      outputs.map(async ([name, value]) => ((await pulumi.isSecret(value)) ? [name] : [])),
    );
    expect(secret.flat().sort()).toEqual(["adminKubeconfigs", "verification"]);
    const open = outputs.filter(([name]) => !secret.flat().includes(name));
    expect(JSON.stringify(await Promise.all(open.map(([, value]) => promiseOf(value))))).not.toContain(canaryMark);
  });

  test.each([
    ["jump", ["CANARY-host-jump-key"]],
    ["auth", ["CANARY-host-auth-key", "CANARY-directory"]],
    ["bgp1", ["CANARY-host-bgp1-key", "CANARY-upstream", "CANARY-bgp-management", "CANARY-bgp-workloads"]],
    ["capi", ["CANARY-host-capi-key", "CANARY-encryption-capi----------", "CANARY-backup", "CANARY-backup-key"]],
  ])("gives %s its own secrets and no other, over SSH and not through vCenter", (host, own) => {
    const canaries = (text: string) => [...new Set(text.match(/CANARY-[a-z0-9-]+/g))].sort();
    const guestinfo = secretValue(named(run, `siziano-${host}-vm`).inputs.extraConfig) as Record<string, string>;
    expect(canaries(Object.values(guestinfo).flatMap(unpacked).join("\n"))).toEqual([]);
    const { placement } = requestOf(run, host);
    const files = placement.stdin.split("\n").map((line) => Buffer.from(line.split(" ")[3] ?? "", "base64").toString());
    expect(canaries([...files, ...files.flatMap(unpacked)].join("\n"))).toEqual(own.sort());
    expect(canaries(placement.command + placement.confirm)).toEqual([]);
  });

  const filesOf = (of: Run, host: string): string =>
    (named(of, `siziano-${host}-ready`).inputs.environment as Record<string, string>).HOST_FILES;

  test("an administrator more changes every host and no machine", async () => {
    const key = { name: "another", publicKey: soundSite.administrators.keys[0].publicKey };
    const other = await deploy({
      administrators: { ...site.administrators, keys: [...soundSite.administrators.keys, key] },
    });
    for (const host of ["jump", "auth", "bgp1", "bgp2", "capi"]) {
      const machine = `siziano-${host}-vm`;
      expect(secretValue(named(other, machine).inputs.extraConfig)).toEqual(
        secretValue(named(run, machine).inputs.extraConfig),
      );
      expect(filesOf(other, host)).toContain("/etc/ssh/authorized_keys.d/another ");
      expect(filesOf(run, host)).not.toContain("another");
    }
  });

  test("what no running host takes over makes another machine of it: capi's pods", async () => {
    const other = await deploy({ managementPlane: { ...site.managementPlane, pods: "10.251.0.0/24" } });
    const replaced = ["jump", "auth", "bgp1", "bgp2", "capi"].filter((host) => {
      const data = (of: Run) => secretValue(named(of, `siziano-${host}-vm`).inputs.extraConfig);
      return JSON.stringify(data(run)) !== JSON.stringify(data(other));
    });
    expect(replaced).toEqual(["capi"]);
  });

  test("replaces a machine whose first boot changed, the old one first", () => {
    const machine = named(run, "siziano-jump-vm");
    expect(machine.replaceOnChanges).toContain("extraConfig");
    expect(machine.deleteBeforeReplace).toBe(true);
    expect(machine.additionalSecretOutputs).toContain("extraConfig");
  });

  test("asks every host through the jump host, with both host keys pinned", () => {
    for (const host of ["auth", "bgp1", "bgp2", "capi"]) {
      const { target, hop } = requestOf(run, host);
      expect([target.hostKey, hop?.hostKey]).toEqual([
        `ssh-ed25519 AAAAPUBLIChost${host} host-${host}`,
        "ssh-ed25519 AAAAPUBLIChostjump host-jump",
      ]);
      expect(named(run, `siziano-${host}-ready`).dependsOn).toContain("siziano-jump-ready");
    }
    expect(requestOf(run, "jump")).not.toHaveProperty("hop");
  });

  test("a router is told which other one must carry its routes", () => {
    expect(requestOf(run, "bgp1").others.map(({ name }) => name)).toEqual(["bgp2"]);
    expect(requestOf(run, "bgp1").routes).toContain("advertised-routes json");
    expect(requestOf(run, "auth").others).toEqual([]);
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
    expect(requestOf(direct, "auth")).not.toHaveProperty("hop");
    expect(named(direct, "siziano-auth-ready").dependsOn).not.toContain("siziano-jump-ready");
  });

  test("never asks the provider to skip TLS or to log its requests", () => {
    const { inputs } = named(run, "siziano-vcenter");
    expect(inputs).toMatchObject({ allowUnverifiedSsl: "false", clientDebug: "false" });
  });
});

describe("before the first resource", () => {
  test("a fault of the site file stops the program", async () => {
    const { registered } = await prepareStack(vsphereMocks, { addressesConfirmed: false });
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
    const { registered } = await prepareStack(vsphereMocks, hostsAlone);
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
      await prepareStack({ ...vsphereMocks, preview }, hostsAlone);
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
