/** Pinned versions of what runs on the region's machines. The site file's `versions` overrides single ones. */

/** A program that a plain template lacks: fetched below `mirrors.files` (or `url`), refused unless its SHA-256 fits. */
export interface ProgramArchive {
  readonly version: string;
  /** Path below `mirrors.files`. */
  readonly path: string;
}

export const versions = {
  cilium: "1.19.3",
  clusterApi: "v1.13.2",
  clusterApiVsphere: "v1.16.1",
  dex: "v2.41.1",
} as const;

/** Kubernetes minors that the pinned Cluster API and Cilium serve. */
export const kubernetesMinors = { oldest: 32, newest: 34 } as const;
