/** What makes and serves container images. */
import { pinnedVersion, programsOf } from "../program";

/** kubeadm's own (cmd/kubeadm/app/constants). */
export const pauseVersion = "3.10.1";

export function imagePrograms() {
  const distribution = pinnedVersion("registry", "github.com/distribution/distribution/v3");
  const containerRegistry = pinnedVersion("images", "github.com/google/go-containerregistry");
  return {
    ...programsOf("images", {
      images: { package: ".", version: `go-containerregistry ${containerRegistry}`, usualSeconds: 10 },
    }),
    ...programsOf("pause", {
      // It is the lab's own: the version is that of the image whose place it takes.
      pause: { package: ".", version: pauseVersion, usualSeconds: 5 },
    }),
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
