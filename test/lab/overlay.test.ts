import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { parseSite } from "../../config/parse-site";
import type { Overlay } from "../../lab/overlay";
import { applyOverlay, overlayPaths } from "../../lab/overlay";

const project = "kubernetes-vsphere";
const real = (site: string) => readFileSync(join(__dirname, "../..", `Pulumi.${site}.yaml`), "utf8");
const configOf = (text: string) => (parse(text) as { config: Record<string, unknown> }).config;

test.each(["siziano", "dr"])("of %s, exactly what the overlay names differs", (site) => {
  const overlay: Overlay = { environment: "lab", "vcenter.tls": { caCertificate: "PEM" } };
  const before = configOf(real(site));
  const after = configOf(applyOverlay(real(site), project, overlay));
  const vcenter = before[`${project}:vcenter`] as Record<string, unknown>;
  expect(after).toEqual({
    ...before,
    [`${project}:environment`]: "lab",
    [`${project}:vcenter`]: { ...vcenter, tls: { caCertificate: "PEM" } },
  });
});

test("the list of what a lab may change is short, and this is all of it", () => {
  expect(Object.keys(overlayPaths).sort()).toEqual([
    "activeDirectory.dns.ssh.hostKeys",
    "activeDirectory.ldap.caCertificate",
    "administrators.keys",
    "backups.hostKey",
    "cilium.extraValues",
    "clusters.*.controlPlane.replicas",
    "clusters.*.state",
    "clusters.*.workers.*.replicas",
    "clusters.*.workers.*.size",
    "environment",
    "hosts.auth.certificate.caCertificate",
    "hosts.auth.trustAnchor",
    "mirrors.registry.caCertificate",
    "programs",
    "vcenter.templates.host",
    "vcenter.tls",
    "vcenter.username",
    "versions.dex",
  ]);
});

test("no address, name or AS number may be changed", () => {
  for (const path of [
    "vlan.cidr",
    "hosts.jump.address",
    "bgp.routersASN",
    "vcenter.server",
    "clusters",
    "clusters.workloads.pods",
  ]) {
    expect(() => applyOverlay(real("siziano"), project, { [path]: "x" } as Overlay)).toThrow(
      `${path} is none of what a lab may change`,
    );
  }
});

test("a star stands for one key, and sets that one alone", () => {
  const overlay: Overlay = { "clusters.workloads.state": "planned", "clusters.management.workers.general.replicas": 1 };
  const { workloads, management } = configOf(applyOverlay(real("siziano"), project, overlay))[
    `${project}:clusters`
  ] as Record<string, { state?: string; workers: { general: { replicas: number; maximum: number } } }>;
  expect(workloads.state).toBe("planned");
  expect(management.state).toBeUndefined();
  expect(management.workers.general).toMatchObject({ replicas: 1, maximum: 6 });
});

test("a path whose parent the site file lacks is refused", () => {
  expect(() => applyOverlay("config: {}\n", project, { "vcenter.tls": {} })).toThrow("the site file has no vcenter");
});

test("a site with the lab's overlay is well-formed", () => {
  const overlay: Overlay = {
    environment: "lab",
    "vcenter.tls": { caCertificate: "PEM" },
    "activeDirectory.ldap.caCertificate": "PEM",
    "hosts.auth.certificate.caCertificate": "PEM",
    "administrators.keys": [{ name: "lab", publicKey: "ssh-ed25519 AAAA lab" }],
  };
  const config = configOf(applyOverlay(real("siziano"), project, overlay));
  const values = Object.entries(config).map(([key, value]) => [key.slice(project.length + 1), value]);
  expect(parseSite("siziano", Object.fromEntries(values)).faults).toEqual([]);
});
