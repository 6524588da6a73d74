import { parse, stringify } from "yaml";

interface Kubeconfig {
  readonly clusters: readonly { readonly name: string; readonly cluster: Readonly<Record<string, unknown>> }[];
}

/** A kubeconfig whose clusters are reached through a proxy (`proxy-url`); without one the text stays as it is. It holds credentials. */
export function withProxy(kubeconfig: string, proxy: string | undefined): string {
  if (proxy === undefined) return kubeconfig;
  const config = parse(kubeconfig) as Kubeconfig;
  const clusters = config.clusters.map((entry) => ({ ...entry, cluster: { ...entry.cluster, "proxy-url": proxy } }));
  return stringify({ ...config, clusters }, { lineWidth: 0 });
}
