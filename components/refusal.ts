/** A reason not to go on, for a person: Pulumi prints its message alone. */
import * as pulumi from "@pulumi/pulumi";

export class Refusal extends pulumi.RunError {
  constructor(message: string) {
    super(message);
    // Pulumi hides a RunError's stack, but colours it all the same, with util.inspect, for its trace. Its own source maps name a
    // file `@pulumi/resource.ts` without a folder, on which Node 20.20's colouring of package names never ends: half a
    // minute and gigabytes until the string is too long. Without frames there is nothing to colour.
    this.stack = message;
  }
}
