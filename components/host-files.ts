/** A machine's way to its host: the wait for its first boot, and its files, then and whenever they change. */
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type { HostPlan, RegionPlan } from "../plan/model";
import { deployAccount } from "../render/accounts";
import { firstBootKey } from "../render/first-boot-key";
import type { HostContent, HostSecrets } from "../render/host-content";
import type { PlaceRequest, PlaceTarget } from "../render/place-request";
import { placement, placementDigests } from "../render/placement";
import { readinessCommand } from "../render/readiness";
import { routerQuestions } from "../render/verify-account";
import type { SshAccessArgs } from "./ssh-access";

/** What is known of a host once its secrets are. */
export interface RenderedHost {
  readonly content: HostContent;
  readonly secrets: HostSecrets;
}

/** Started where the program of the stack lies (`main` of Pulumi.yaml). */
const program = "node tools/place-files.js";

/** Everything that the program needs to know: a secret. */
function placeRequest(
  host: HostPlan,
  plan: RegionPlan,
  access: SshAccessArgs,
  { content, secrets }: RenderedHost,
): pulumi.Output<PlaceRequest> {
  return pulumi.all([access.deployKey, access.sshHostKeys]).apply(([deployKey, hostKeys]) => {
    const target = ({ name, address }: HostPlan): PlaceTarget => ({
      name,
      address,
      port: 22,
      user: deployAccount,
      privateKey: deployKey.privateKey,
      hostKey: hostKeys[name].publicKey,
    });
    const questions = routerQuestions(plan.bgp);
    return {
      target: { ...target(host), firstBootKey: firstBootKey(host, secrets.hostKey).publicKey },
      ...(access.path === "jump" && host.name !== access.jump.name ? { hop: target(access.jump) } : {}),
      readiness: readinessCommand(host),
      placement: placement(host, content),
      others:
        host.role === "bgp"
          ? plan.hosts.filter(({ role, name }) => role === "bgp" && name !== host.name).map(target)
          : [],
      ...(host.role === "bgp"
        ? { routes: `sudo --non-interactive vtysh -c '${questions.advertised ?? questions.table}'` }
        : {}),
    };
  });
}

export interface HostFilesArgs {
  readonly host: HostPlan;
  readonly plan: RegionPlan;
  readonly access: SshAccessArgs;
  readonly rendered: pulumi.Output<RenderedHost>;
  /** Of the machine: another one is made a host anew. */
  readonly machineId: pulumi.Output<string>;
}

/** Done once the host serves with its files; a change that failed is tried again by the next `up`. */
export function hostFiles(
  name: string,
  { host, plan, access, rendered, machineId }: HostFilesArgs,
  opts: pulumi.CustomResourceOptions,
): command.local.Command {
  const digests = rendered.apply(({ content, secrets }) => placementDigests(content, secrets));
  return new command.local.Command(
    name,
    {
      create: `${program} --first-boot`,
      update: program,
      stdin: pulumi.secret(rendered.apply((known) => placeRequest(host, plan, access, known)).apply(JSON.stringify)),
      // Not read by the program: a preview shows by them which files change.
      environment: { HOST_FILES: pulumi.unsecret(digests) },
      addPreviousOutputInEnv: false,
      triggers: [machineId],
    },
    { ...opts, customTimeouts: { create: "30m", update: "30m" } },
  );
}
