/** What makes and serves container images. */
import { pinnedVersion, programsOf } from "../program";

export function imagePrograms() {
  const distribution = pinnedVersion("registry", "github.com/distribution/distribution/v3");
  return {
    ...programsOf("registry", {
      registry: {
        package: ".",
        version: distribution,
        stamps: { "github.com/distribution/distribution/v3/version.version": `v${distribution}` },
        usualSeconds: 30,
      },
    }),
  };
}
