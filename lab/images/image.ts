import type { ProgramName } from "../toolchain/programs";

/** An upstream Go module as the source of files that are no programs. */
export interface ModuleFiles {
  /** Folder of `lab/toolchain` whose go.mod pins the module's version. */
  readonly toolchain: string;
  readonly goModule: string;
}

/** What one layer of an image holds; images that name an equal layer share it. Paths are absolute paths in the image. */
export type Layer =
  /** Programs of the lab's toolchain: path, and which. */
  | {
      readonly kind: "programs";
      readonly programs: Readonly<Record<string, ProgramName>>;
      /** They listen on ports below 1024 without being root: a file capability, as `setcap cap_net_bind_service=+ep`. */
      readonly lowPorts?: boolean;
    }
  /** Files, links and empty folders. */
  | { readonly kind: "files"; readonly files: Readonly<Record<string, LayerFile>> }
  /**
   * Files and folders of an upstream module: path in the image, and path in the module. A Go module keeps no permissions, so
   * scripts are told to be executable.
   */
  | ({
      readonly kind: "module";
      readonly files: Readonly<Record<string, string>>;
      readonly executable?: boolean;
    } & ModuleFiles)
  /**
   * Files and folders of Debian packages (lab/roots/images.ts) with the shared libraries that their programs need, and
   * nothing else: no package manager, no documentation.
   */
  | { readonly kind: "debian"; readonly paths: readonly string[] };

export type LayerFile =
  | { readonly content: string; readonly mode?: number }
  | { readonly link: string }
  /** `owner`: user and group; root where there is none. */
  | { readonly directory: true; readonly mode?: number; readonly owner?: number };

/** An image as the lab's registry serves it. */
export interface Image {
  /** As whoever pulls it names it: upstream's registry, repository and tag. */
  readonly name: string;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** User and group, numeric: `65532:65532`; root where there is none. */
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

/** A Helm chart as the lab's registry serves it. */
export interface Chart {
  /** Repository and tag below the registry: "charts/cilium:1.19.3". */
  readonly name: string;
  /** Its folder on this machine; the folder's name must tell its content, as all of the cache's do. */
  readonly folder: string;
}

/** Files under a tag, as ORAS stores them: one layer for each, with its name as `org.opencontainers.image.title`. */
export interface Artifact {
  /** Repository and tag below the registry: "components/cluster-api:v1.13.2". */
  readonly name: string;
  /** Name: file of this machine. */
  readonly files: Readonly<Record<string, string>>;
}
