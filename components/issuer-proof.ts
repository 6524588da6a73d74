import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";
import { proveIssuer } from "../render/issuer-proof";
import type { ReachableHost } from "./region";

export interface IssuerProofArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly auth: ReachableHost;
}

/** Ends once auth serves the login with a certificate that API servers will believe; else with why they would not. */
export function issuerProof(
  name: string,
  { site, plan, auth }: IssuerProofArgs,
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  const { script, stdin } = proveIssuer(site, plan.login, auth.host);
  return new command.remote.Command(
    name,
    {
      connection: auth.connection,
      create: script,
      stdin,
      // sshd takes no variables.
      addPreviousOutputInEnv: false,
      // A new machine gets a new certificate.
      triggers: [auth.machine.machine.id],
    },
    { ...opts, dependsOn: [auth.machine.ready], customTimeouts: { create: "10m", update: "10m" } },
  );
}
