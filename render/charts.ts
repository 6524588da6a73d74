/** Where Helm charts come from: upstream's repositories, the site's registry, or a folder beside the site file. */
import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";
import { componentFolder, registryHost } from "./component-source";

export type ChartName = "cert-manager" | "cilium" | "cluster-api-operator";

/** What `helm.v3.Release` takes to find a chart. */
export interface ChartSource {
  /** Name, `oci://` reference or path of the archive. */
  readonly chart: string;
  /** Not given for an archive, which is one version. */
  readonly version?: string;
  readonly repositoryOpts?: { readonly repo: string };
}

interface Upstream {
  readonly repository: string;
  /** The chart's version, as its repository spells it. */
  readonly version: (versions: RegionPlan["versions"]) => string;
}

const upstream: Readonly<Record<ChartName, Upstream>> = {
  "cert-manager": {
    repository: "https://charts.jetstack.io",
    version: ({ certManager }) => certManager,
  },
  cilium: {
    repository: "https://helm.cilium.io",
    version: ({ cilium }) => cilium,
  },
  "cluster-api-operator": {
    repository: "https://kubernetes-sigs.github.io/cluster-api-operator",
    version: ({ clusterApiOperator }) => clusterApiOperator.replace(/^v/, ""),
  },
};

/** The version as the chart's repository spells it, and as a registry tags it. */
export function chartVersion(versions: RegionPlan["versions"], name: ChartName): string {
  return upstream[name].version(versions);
}

/**
 * A registry holds the chart at `charts/<name>`, with its version as the tag; a folder holds `charts/<name>-<version>.tgz`,
 * as `helm pull` and `helm package` name it.
 */
export function chartSource(site: Site, { versions }: Pick<RegionPlan, "versions">, name: ChartName): ChartSource {
  const { repository } = upstream[name];
  const version = chartVersion(versions, name);
  const source = site.mirrors.components;
  switch (source.kind) {
    case "upstream":
      return { chart: name, version, repositoryOpts: { repo: repository } };
    case "registry":
      return { chart: `oci://${registryHost(site)}/charts/${name}`, version };
    case "folder":
      return { chart: `${componentFolder(source.path)}/charts/${name}-${version}.tgz` };
    default:
      return source satisfies never;
  }
}
