import type { Site } from "../config/site";
import type { HostPlan, RegionPlan } from "../plan/model";
import { authContent } from "./auth";
import { baseContent } from "./base";
import { bgpContent } from "./bgp";
import { capiContent } from "./capi";
import type { HostContent, HostSecrets, RoleContent } from "./host-content";
import { jumpContent } from "./jump";

function roleContent(site: Site, plan: RegionPlan, host: HostPlan, secrets: HostSecrets): RoleContent {
  switch (host.role) {
    case "jump":
      return jumpContent();
    case "auth":
      return authContent(site, plan, host, secrets);
    case "bgp":
      return bgpContent(site, plan, host, secrets);
    case "capi":
      return capiContent(site, plan, host, secrets);
    default:
      throw new Error(`host ${host.name}: no renderer for role ${String(host.role satisfies never)}`);
  }
}

function mergeContent(base: HostContent, role: RoleContent): HostContent {
  const files = [...base.files, ...role.files];
  const paths = files.map(({ path }) => path);
  const twice = paths.filter((path, index) => paths.indexOf(path) !== index);
  if (twice.length > 0) throw new Error(`two renderers write ${[...new Set(twice)].join(", ")}`);
  return {
    ...base,
    files,
    packages: [...new Set([...base.packages, ...role.packages])].sort(),
    programs: [...base.programs, ...role.programs],
    checks: [...base.checks, ...role.checks],
    inPlace: [...base.inPlace, ...(role.inPlace ?? [])],
    services: [...new Set([...base.services, ...role.services])],
  };
}

/** Everything a fixed host must hold: the base of all hosts, then what its role adds. Throws where both write one path. */
export function hostContent(site: Site, plan: RegionPlan, host: HostPlan, secrets: HostSecrets): HostContent {
  return mergeContent(baseContent(site, plan, host, secrets), roleContent(site, plan, host, secrets));
}
