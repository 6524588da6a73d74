/** Kubernetes' image for tests: servers that say who called them, and the usual clients. */
import { agnhostVersion } from "../toolchain/programs/kubernetes";
import { baseLayers } from "./base";
import type { Image } from "./image";

/**
 * For pods of the lab: `netexec --http-port=8080 --udp-port=8081` serves /hostname, /clientip, /echo?msg=; `connect HOST:PORT`
 * tries one. With curl, dig, nc, ip, ss, ping and bash, as upstream's.
 */
export const agnhostImage = `registry.k8s.io/e2e-test-images/agnhost:${agnhostVersion}`;

const clients = ["bash", "cat", "curl", "dig", "ls", "nc", "ping", "sh", "sleep", "ss"].map(
  (name) => `/usr/bin/${name}`,
);

export function agnhostImages(): Image[] {
  return [
    {
      name: agnhostImage,
      layers: [
        ...baseLayers,
        { kind: "debian", paths: [...clients, "/usr/sbin/ip"] },
        { kind: "programs", programs: { "/agnhost": "agnhost" } },
      ],
      entrypoint: ["/agnhost"],
      command: ["pause"],
    },
  ];
}
