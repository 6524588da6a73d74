import type { ProgramName } from "../toolchain/programs";
import type { Image, Layer } from "./image";

/** The user of images that need no rights, as in the "nonroot" images that upstream builds on. */
const nonRoot = 65532;

/** Below every image: what a static program expects of a system. */
export const baseLayers: readonly Layer[] = [
  {
    kind: "files",
    files: {
      "/etc/passwd": {
        content: `root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:${nonRoot}:${nonRoot}:nonroot:/home/nonroot:/sbin/nologin\n`,
      },
      "/etc/group": { content: `root:x:0:\nnobody:x:65534:\ntty:x:5:\nnonroot:x:${nonRoot}:\n` },
      "/etc/nsswitch.conf": { content: "hosts: files dns\n" },
      "/home/nonroot": { directory: true, mode: 0o700, owner: nonRoot },
      "/root": { directory: true, mode: 0o700 },
      "/tmp": { directory: true, mode: 0o1777 },
      "/var/run": { link: "../run" },
      "/run": { directory: true },
    },
  },
  { kind: "debian", paths: ["/etc/ssl/certs/ca-certificates.crt"] },
];

/** An image of one static program, as most of upstream's are: nothing below it but `baseLayers`. */
export function programImage(
  image: Omit<Image, "layers" | "entrypoint"> & {
    readonly path: string;
    readonly program: ProgramName;
    /** See `Layer`. */
    readonly lowPorts?: boolean;
  },
): Image {
  const { path, program, lowPorts, ...rest } = image;
  return {
    user: `${nonRoot}:${nonRoot}`,
    ...rest,
    layers: [...baseLayers, { kind: "programs", programs: { [path]: program }, lowPorts }],
    entrypoint: [path],
  };
}
