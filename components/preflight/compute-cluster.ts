/** Whether the compute cluster can keep the routers apart. */
import type { Finding } from "./finding";

/** The part of `ClusterConfigInfo` that is asked. */
export interface ClusterConfig {
  readonly drsConfig?: { readonly enabled?: boolean };
}

export function computeClusterFaults(
  name: string,
  config: ClusterConfig,
  esxiHosts: number,
  routers: number,
): readonly Finding[] {
  const path = "vcenter.computeCluster";
  return [
    ...(config.drsConfig?.enabled === true
      ? []
      : [
          {
            path,
            value: name,
            rule: "cluster-drs",
            problem: "has DRS off, whose rule keeps the BGP routers on different hosts",
            remedy: "turn DRS on, in manual mode if its moves are not wanted",
          },
        ]),
    ...(esxiHosts >= 2
      ? []
      : [
          {
            path,
            value: name,
            rule: "cluster-hosts",
            problem: `has ${esxiHosts} ESXi host for ${routers} BGP routers: one failure would take all of them`,
            remedy: "name a cluster with two hosts or more",
          },
        ]),
  ];
}
