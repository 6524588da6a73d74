/** Entry of every stack: `Pulumi.yaml` names its compiled form. */
import * as path from "node:path";
import { assertFreshBuild } from "./components/fresh-build";
import type { RegionOutputs } from "./components/outputs";

export = async (): Promise<RegionOutputs> => {
  assertFreshBuild(path.dirname(__dirname));
  // Only now, so that a stale build is refused before any more of it runs.
  const { program } = await import("./components/program");
  const { preflight } = await import("./components/preflight/preflight");
  return program(preflight);
};
