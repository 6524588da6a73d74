/**
 * The lab's stack is the real site file plus this overlay. What may differ is this list and nothing else, so that what the
 * lab shows holds for the real site, too.
 */
import { parseDocument } from "yaml";

/** Every path of the site file that a lab may set, with the reason. Paths are keys joined by dots. */
export const overlayPaths = {
  environment: "production refuses lab-only values; the lab holds nothing worth protecting",
  "vcenter.username": "a test logs in with fewer rights",
  "vcenter.tls": "the lab's CA signed the simulator's certificate",
  "vcenter.templates.host": "one test boots from a plain template",
  "activeDirectory.ldap.caCertificate": "the lab's CA signed the domain controllers' certificates",
  "hosts.auth.certificate.caCertificate": "the lab's CA signed the ACME server's certificate",
  "administrators.keys": "nobody has the private keys of the example's administrators",
  "versions.dex": "the version that the lab's toolchain builds",
  programs: "hashes of the archives that the lab's toolchain builds",
} as const;

export type OverlayPath = keyof typeof overlayPaths;
export type Overlay = Readonly<Partial<Record<OverlayPath, unknown>>>;

/**
 * Lays the overlay over the text of a `Pulumi.<site>.yaml` and returns the lab's. Throws on a path that is not listed,
 * and on one whose parent the site file does not have: the overlay changes values, it does not make a site up.
 */
export function applyOverlay(text: string, project: string, overlay: Overlay): string {
  const document = parseDocument(text);
  for (const [path, value] of Object.entries(overlay)) {
    if (!(path in overlayPaths)) {
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
