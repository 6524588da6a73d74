/** The fixed hosts of the example region `siziano`, with secrets that are none: what renderers of hosts are tested on. */
import type { SshKeyPair } from "../../config/secrets";
import type { HostPlan, RegionPlan } from "../../plan/model";
import { planRegion } from "../../plan/plan";
import type { HostContent, HostSecrets } from "../../render/host-content";
import { hostContent } from "../../render/host";
import { machineBase } from "../../render/machine-base";
import { exampleSites } from "./example-sites";

/** Readable stand-ins; a program that wants a real key is given one made for the test. */
export const exampleSecrets: HostSecrets = {
  hostKey: { privateKey: "example private host key\n", publicKey: "ssh-ed25519 EXAMPLE-HOST-KEY host" },
  deployPublicKey: "ssh-ed25519 EXAMPLE-DEPLOY-KEY deploy",
  verifyPublicKey: "ssh-ed25519 EXAMPLE-VERIFY-KEY verify",
  bgpPasswords: { upstream: "example-upstream", clusters: { management: "example-1", workloads: "example-2" } },
  activeDirectoryPassword: "example-directory",
  // 32 bytes that say what they are: "example encryption key, 32 bytes".
  encryptionKey: "ZXhhbXBsZSBlbmNyeXB0aW9uIGtleSwgMzIgYnl0ZXM=",
  backups: { password: "example-backup", sshKey: "example backup key\n" },
};

export function examplePlan(): RegionPlan {
  return planRegion(exampleSites(), "siziano");
}

/** A host of siziano by name, booted from a template of the given kind, and what it must hold. */
export function exampleHost(
  name: string,
  options: { readonly kind?: "plain" | "prepared"; readonly hostKey?: SshKeyPair } = {},
): {
  readonly plan: RegionPlan;
  readonly host: HostPlan;
  readonly content: HostContent;
  /** What of it comes with the machine. */
  readonly base: HostContent;
} {
  const plan = examplePlan();
  const planned = plan.hosts.find((host) => host.name === name);
  if (planned === undefined) throw new Error(`siziano has no host ${name}`);
  const host = { ...planned, template: { ...planned.template, kind: options.kind ?? planned.template.kind } };
  const secrets = { ...exampleSecrets, hostKey: options.hostKey ?? exampleSecrets.hostKey };
  const content = hostContent(exampleSites().siziano, plan, host, secrets);
  return { plan, host, content, base: machineBase(host, content, secrets) };
}
