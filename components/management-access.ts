/** How components reach the management plane, and wait for what happens there. */
import * as command from "@pulumi/command";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { KubernetesObject } from "../render/kubernetes-object";
import type { Connection } from "./ssh-access";

export interface ManagementAccess {
  readonly provider: k8s.Provider;
  /** SSH to the machine that it runs on, where the stack made that itself: there a failed wait can say why. */
  readonly connection?: Connection;
}

/** A rollout of many nodes takes its time; the scripts have a limit of their own, which is about standing still. */
const customTimeouts = { create: "12h", update: "12h" };

/** Runs a waiting script on capi, again whenever one of the triggers changes. */
export function waitOnCapi(
  name: string,
  connection: Connection,
  script: string,
  triggers: readonly pulumi.Input<string>[],
  opts: pulumi.CustomResourceOptions,
): command.remote.Command {
  return new command.remote.Command(
    name,
    { connection, create: script, triggers: [...triggers] },
    // Old one first: a wait that failed is in no state then, and the next `up` waits whatever it asks for. Otherwise one that
    // goes back to the definition before would find that definition's wait done, and end while machines still come and go.
    { ...opts, customTimeouts, deleteBeforeReplace: true },
  );
}

/** Lays annotations over an object that exists; the provider waits for what they name. */
export function patchOf(
  name: string,
  patch: KubernetesObject,
  { provider }: ManagementAccess,
  opts: pulumi.CustomResourceOptions,
): k8s.apiextensions.CustomResourcePatch {
  return new k8s.apiextensions.CustomResourcePatch(name, patch as k8s.apiextensions.CustomResourcePatchArgs, {
    ...opts,
    provider,
    customTimeouts,
  });
}
