/** What Cilium's images hold and the commands of people who look into it, all from one module. */
import { pinnedVersion, programsOf } from "../program";

const cilium = "github.com/cilium/cilium";

export function ciliumPrograms() {
  const upstream = pinnedVersion("cilium", cilium);
  // Fields of pkg/version: version, revision, date. The lab's own build has no revision: it says what it is instead.
  const stamped = (version: string) => ({ [`${cilium}/pkg/version.ciliumVersion`]: `${version} lab 1970-01-01` });
  // Without C there is one resolver only; saying so for all of them alike lets them share what is compiled.
  const tags = ["netgo", "osusergo"];
  const part = (path: string, usualSeconds: number) => ({
    package: `${cilium}/${path}`,
    tags,
    version: upstream,
    stamps: stamped(upstream),
    usualSeconds,
  });
  const userspace = `${upstream}-userspace-wireguard`;
  return programsOf("cilium", {
    "cilium-agent": {
      ...part("daemon", 240),
      version: userspace,
      stamps: stamped(userspace),
      patch: { module: cilium, file: "userspace-wireguard.patch" },
    },
    "cilium-operator-generic": { ...part("operator", 120), tags: [...tags, "ipam_provider_operator"] },
    "cilium-dbg": part("cilium-dbg", 30),
    "cilium-cni": part("plugins/cilium-cni", 15),
    "cilium-health": part("cilium-health", 15),
    "cilium-health-responder": part("cilium-health/responder", 10),
    "cilium-mount": part("tools/mount", 5),
    "cilium-sysctlfix": part("tools/sysctlfix", 5),
    "hubble-relay": part("hubble-relay", 20),
  });
}
