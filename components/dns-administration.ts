/** How `up` changes Active Directory's DNS: on which servers, over which connections, in whose words. */
import * as pulumi from "@pulumi/pulumi";
import type { SecretOutputs } from "../config/load";
import type { Site } from "../config/site";
import type { Backend } from "../render/forwarders/backend";
import { bind } from "../render/forwarders/bind";
import { windows } from "../render/forwarders/windows";
import { type Connection, throughJump, type SshAccessArgs } from "./ssh-access";

export interface DnsServer {
  readonly name: string;
  readonly connection: Connection;
}

export interface DnsAdministration {
  readonly backend: Backend;
  /** The site's domain controllers; what Active Directory stores is entered on the first. */
  readonly servers: readonly DnsServer[];
  readonly scope: Site["activeDirectory"]["dns"]["replicationScope"];
  /** What must be up before a server can be spoken to: the jump host, where it is the way. */
  readonly ready: readonly pulumi.Resource[];
}

export interface DnsAdministrationArgs {
  readonly site: Site;
  readonly secrets: Pick<SecretOutputs, "dnsAdministrationKey">;
  readonly access: SshAccessArgs;
  /** The jump host's readiness. */
  readonly jumpReady: pulumi.Resource;
}

/** Undefined where the site's people enter everything themselves (`manual`). */
export function dnsAdministration(args: DnsAdministrationArgs): DnsAdministration | undefined {
  const { site, secrets, access, jumpReady } = args;
  const { administration, replicationScope, ssh } = site.activeDirectory.dns;
  if (administration === "manual") return undefined;
  const key = secrets.dnsAdministrationKey;
  // The check and the loader refuse such a site before; types cannot say so.
  if (ssh === undefined || key === undefined) throw new Error("activeDirectory.dns.ssh or its key is not set");
  return {
    backend: { windows, bind }[administration],
    scope: replicationScope,
    servers: site.activeDirectory.servers.map(({ name, address }) => ({
      name,
      connection: throughJump(
        {
          host: address,
          port: ssh.port,
          user: ssh.user,
          privateKey: pulumi.secret(key),
          hostKey: ssh.hostKeys[name],
        },
        access,
      ),
    })),
    ready: access.path === "jump" ? [jumpReady] : [],
  };
}
