import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Setting } from "../render/forwarders/backend";
import type { DnsServer } from "./dns-administration";

export interface DnsCommandArgs {
  readonly server: DnsServer;
  /** A setting to keep; or a command that only waits or looks, of which nothing is to be undone. */
  readonly setting: Setting | { readonly create: string };
  /** What the setting is about. Another one replaces it: the old one is removed by the words that made it, then the new one made. */
  readonly identity: readonly string[];
}

/** One command on a domain controller. */
export function dnsCommand(
  name: string,
  { server, setting, identity }: DnsCommandArgs,
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  return new command.remote.Command(
    name,
    {
      connection: server.connection,
      create: setting.create,
      ...("delete" in setting ? { delete: setting.delete } : {}),
      // Neither Windows' sshd nor Debian's takes variables.
      addPreviousOutputInEnv: false,
      triggers: [...identity],
    },
    { ...opts, deleteBeforeReplace: true },
  );
}
