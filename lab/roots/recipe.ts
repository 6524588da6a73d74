/** A file of a root. */
export interface RootFile {
  readonly content: string;
  /** Octal mode; 0644 by default. */
  readonly mode?: number;
}

/** A program from the toolchain that goes into a root: a file or a folder of this machine. */
export interface RootProgram {
  readonly source: string;
  /** Absolute path inside the root. */
  readonly target: string;
}

/** How one root file system is made: what lies below it, and what is added. Plain data, so that its hash names the result. */
export interface RootRecipe {
  readonly name: string;
  /** The root that this one starts as a copy of; none for the first, which mmdebstrap makes. */
  readonly parent?: RootRecipe;
  readonly packages: readonly string[];
  /** Absolute path inside the root: what it holds. Written after the packages are installed. */
  readonly files: Readonly<Record<string, RootFile>>;
  /** Absolute path inside the root of a symbolic link: where it points. */
  readonly links?: Readonly<Record<string, string>>;
  /** Units that start at boot although their package leaves them off. */
  readonly enabledUnits: readonly string[];
  /** Units that would start at boot and must not. */
  readonly disabledUnits: readonly string[];
  readonly programs: readonly RootProgram[];
}
