/**
 * The lab's stack is the real site file plus this overlay. What may differ is this list and nothing else, so that what the
 * lab shows holds for the real site, too.
 */
import { parseDocument } from "yaml";

/** Every path of the site file that a lab may set, with the reason. Paths are keys joined by dots; `*` stands for any key. */
export const overlayPaths = {
  environment: "production refuses lab-only values; the lab holds nothing worth protecting",
  "vcenter.username": "a test logs in with fewer rights",
  "vcenter.tls": "the lab's CA signed the simulator's certificate",
  "vcenter.templates.host": "one test boots from a plain template",
  "activeDirectory.ldap.caCertificate": "the lab's CA signed the domain controllers' certificates",
  "hosts.auth.certificate.caCertificate": "the lab's CA signed the ACME server's certificate",
  "hosts.auth.trustAnchor": "one test gives API servers a CA that auth's certificate is not of",
  "activeDirectory.dns.ssh.hostKeys": "the lab's servers have host keys of their own",
  "backups.hostKey": "the lab's backup server has a host key of its own",
  "administrators.keys": "nobody has the private keys of the example's administrators",
  "mirrors.registry.caCertificate": "the lab's CA signed the registry's certificate",
  "clusters.*.state": "one test brings up the hosts alone, another deletes a cluster",
  "clusters.*.controlPlane.replicas": "one node instead of three: this machine holds so many",
  "clusters.*.workers.*.replicas": "one node instead of three or six: this machine holds so many",
  "clusters.*.workers.*.size": "one test replaces a pool's machines by larger ones",
  "cilium.extraValues": "guests share a kernel that lacks what Cilium uses of it",
  "versions.dex": "the version that the lab's toolchain builds",
  programs: "hashes of the archives that the lab's toolchain builds",
} as const;

type Filled<Path extends string> = Path extends `${infer Before}*${infer After}`
  ? `${Before}${string}${Filled<After>}`
  : Path;
export type OverlayPath = Filled<keyof typeof overlayPaths>;
export type Overlay = Readonly<{ [Path in OverlayPath]?: unknown }>;

/** May a lab set this path? `*` stands for one key. */
function isListed(path: string): boolean {
  const keys = path.split(".");
  return Object.keys(overlayPaths).some((listed) => {
    const pattern = listed.split(".");
    return pattern.length === keys.length && pattern.every((key, index) => key === "*" || key === keys[index]);
  });
}

/**
 * Lays the overlay over the text of a `Pulumi.<site>.yaml` and returns the lab's. Throws on a path that is not listed,
 * and on one whose parent the site file does not have: the overlay changes values, it does not make a site up.
 */
export function applyOverlay(text: string, project: string, overlay: Overlay): string {
  const document = parseDocument(text);
  for (const [path, value] of Object.entries(overlay)) {
    if (!isListed(path)) {
      throw new Error(`overlay: ${path} is none of what a lab may change (${Object.keys(overlayPaths).join(", ")})`);
    }
    const [top, ...keys] = path.split(".");
    const target = ["config", `${project}:${top}`, ...keys];
    if (keys.length > 0 && !document.hasIn(target.slice(0, -1))) {
      throw new Error(`overlay: the site file has no ${path.split(".").slice(0, -1).join(".")}, to set ${path} in`);
    }
    document.setIn(target, value);
  }
  return document.toString({ lineWidth: 0 });
}
