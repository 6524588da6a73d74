/** Pinned versions of what runs on the region's machines. The site file's `versions` overrides single ones. */

export const versions = {
  certManager: "v1.11.5",
  cilium: "1.19.3",
  cloudProviderVsphere: "v1.34.0",
  clusterApi: "v1.13.2",
  clusterApiIpam: "v1.1.0",
  clusterApiOperator: "v0.29.0",
  clusterApiVsphere: "v1.16.1",
  coredns: "v1.12.1",
  dex: "v2.41.1",
  kubectl: "v1.34.2",
  kubeVip: "v1.0.0",
} as const;

/** Kubernetes minors that the pinned Cluster API and Cilium serve. */
export const kubernetesMinors = { oldest: 32, newest: 34 } as const;

/**
 * Oldest versions that a site file may override with. Cluster API's v1beta2 contract starts at 1.11 and CAPV's at 1.16;
 * Cilium serves its BGP resources as `cilium.io/v2` since 1.18; nothing older
 * than the pinned dex was tried.
 */
export const versionFloors = {
  certManager: "1.11.0",
  cilium: "1.18.0",
  cloudProviderVsphere: "1.32.0",
  clusterApi: "1.11.0",
  clusterApiIpam: "1.1.0",
  clusterApiOperator: "0.22.0",
  clusterApiVsphere: "1.16.0",
  coredns: "1.11.0",
  dex: "2.41.0",
  kubectl: "1.32.0",
  kubeVip: "1.0.0",
} as const satisfies Record<keyof typeof versions, string>;

/** Kubelets may be this many minors older than their API server (Kubernetes' version skew policy, since 1.28). */
export const kubeletSkew = 3;
