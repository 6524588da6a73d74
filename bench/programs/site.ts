/** The stack's program as index.ts starts it, up to where it would ask vCenter: loaded, read, checked and planned. */
import * as path from "node:path";
import { assertFreshBuild } from "../../components/fresh-build";
import { started } from "./started";

async function main(): Promise<void> {
  assertFreshBuild(path.resolve(__dirname, "../../.."));
  const { program } = await import("../../components/program");
  await import("../../components/preflight/preflight"); // loaded as there, not called: the network is not measured
  await program(async () => started());
}

void main();
