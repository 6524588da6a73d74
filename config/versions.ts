/** Pinned versions of what runs on the region's machines. The site file's `versions` overrides single ones. */

export const versions = {
  cilium: "1.19.3",
  clusterApi: "v1.13.2",
  clusterApiVsphere: "v1.16.1",
  dex: "v2.41.1",
} as const;

/** Kubernetes minors that the pinned Cluster API and Cilium serve. */
export const kubernetesMinors = { oldest: 32, newest: 34 } as const;

/**
 * Oldest versions that a site file may override with. Cluster API's v1beta2 contract starts at 1.11 and CAPV's at 1.16;
 * Cilium serves its BGP resources as `cilium.io/v2` since 1.18; nothing older
 * than the pinned dex was tried.
 */
export const versionFloors = {
  cilium: "1.18.0",
  clusterApi: "1.11.0",
  clusterApiVsphere: "1.16.0",
  dex: "2.41.0",
} as const satisfies Record<keyof typeof versions, string>;

/** Kubelets may be this many minors older than their API server (Kubernetes' version skew policy, since 1.28). */
export const kubeletSkew = 3;
