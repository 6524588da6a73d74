/** How `up` reaches a host's SSH: which way, as whom, and which key the other side must show. */
import type * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Site } from "../config/site";
import type { SecretOutputs } from "../config/load";
import type { HostPlan } from "../plan/model";
import { deployAccount } from "../render/accounts";

export type Connection = command.types.input.remote.ConnectionArgs;

/** sshd starts a little after the network does: tries, at most five seconds apart and a minute in all, before the host counts as dead. */
const dialErrorLimit = 20;

export interface SshAccessArgs {
  readonly path: Site["access"]["path"];
  readonly jump: HostPlan;
  readonly deployKey: SecretOutputs["deployKey"];
  readonly sshHostKeys: SecretOutputs["sshHostKeys"];
}

/**
 * The connection to a host. Host keys are pinned for the host and for the jump host alike: `@pulumi/command` accepts
 * any key of a side that has none set, and the jump host's would then be the one that nobody checks.
 */
export function connectionTo(host: HostPlan, access: SshAccessArgs): Connection {
  const direct = endpoint(host, access);
  return host.name === access.jump.name ? direct : throughJump(direct, access);
}

/** A connection by the way that the site's other connections take. */
export function throughJump(direct: Connection, access: SshAccessArgs): Connection {
  return access.path === "direct" ? direct : { ...direct, proxy: endpoint(access.jump, access) };
}

function endpoint(host: HostPlan, access: SshAccessArgs) {
  return {
    host: host.address,
    user: deployAccount,
    privateKey: pulumi.secret(access.deployKey.apply((pair) => pair.privateKey)),
    hostKey: hostPublicKey(host, access.sshHostKeys),
    dialErrorLimit,
  };
}

/** The public half of a host's key, `ssh-ed25519 AAAA…`: no secret, though it is stored next to one. */
export function hostPublicKey(host: HostPlan, sshHostKeys: SecretOutputs["sshHostKeys"]): pulumi.Output<string> {
  return pulumi.unsecret(sshHostKeys.apply((keys) => keys[host.name].publicKey));
}
