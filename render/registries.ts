/** Where containerd fetches images: from the site's registry, where it has one, and then from nowhere else. */
import { stringify } from "smol-toml";
import type { Site } from "../config/site";
import type { HostFile } from "./host-content";
import { rootFile } from "./host-file";

/** Upstream registries that images of the region come from. */
export const upstreamRegistries = ["docker.io", "ghcr.io", "quay.io", "registry.k8s.io"] as const;

const caFile = "/etc/containerd/site-registry.crt";

/** Path of containerd's file for one upstream registry; the template's containerd has `config_path` set to its grandparent. */
export const hostsFilePath = (registry: string): string => `/etc/containerd/certs.d/${registry}/hosts.toml`;

/**
 * containerd's files for the site's registry, at which an upstream image lies below its registry's name; none without one.
 * The site's registry stands in the place of the upstream's server, not before it: an image that it lacks is an error, and
 * not a reason to ask the internet.
 * Source: https://github.com/containerd/containerd/blob/main/docs/hosts.md
 */
export function registryFiles({ mirrors }: Pick<Site, "mirrors">): HostFile[] {
  const { registry } = mirrors;
  if (registry === undefined) return [];
  const { origin, pathname } = new URL(registry.url);
  const base = `${origin}/v2${pathname.replace(/\/$/, "")}`;
  const rules = {
    capabilities: ["pull", "resolve"],
    override_path: true,
    ...(registry.caCertificate === undefined ? {} : { ca: caFile }),
  };
  const hosts = upstreamRegistries.map((upstream) => {
    const server = `${base}/${upstream}`;
    // The same twice: containerd 1.6 ignores a file without a `host` table and then asks upstream's own server.
    return rootFile(hostsFilePath(upstream), stringify({ server, ...rules, host: { [server]: rules } }));
  });
  return registry.caCertificate === undefined
    ? hosts
    : [...hosts, rootFile(caFile, `${registry.caCertificate.trim()}\n`)];
}
