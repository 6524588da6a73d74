/** What vCenter must be, hold and allow before the first resource is registered; every fault at once. */
import type { Fault } from "../../config/fault";
import type { Site } from "../../config/site";
import type { RegionPlan } from "../../plan/model";
import { missingRights } from "./account-rights";
import { computeClusterFaults, type ClusterConfig } from "./compute-cluster";
import { connectionFinding, loginFinding, pluginTrustFault, rightsFindings } from "./connection-faults";
import { dataDirectoryFaults } from "./data-directory";
import { datastoreFaults, type DatastoreSummary } from "./datastore-room";
import type { Finding } from "./finding";
import { findAll, finder, type Find, type Found } from "./found";
import { existingHosts, occupiedFaults } from "./occupied";
import { templateFaults, type TemplateConfig } from "./template-fitness";
import { VcenterApi, type Reference, type ServiceContent } from "./vcenter-api";

export interface PreflightArgs {
  readonly site: Site;
  readonly plan: RegionPlan;
  /** vCenter's password; used for the login and nowhere else. */
  readonly password: string;
  /** A preview may run with an account that can only read: what it may not do is then a notice. */
  readonly mayBeReadOnly: boolean;
}

export interface PreflightReport {
  readonly faults: readonly Fault[];
  /**
   * SHA-256 of the certificate that vCenter showed and the pin accepted, upper case, colons between bytes: what the
   * programs inside the region pin. Empty where there was no such certificate; then there is a fault.
   */
  readonly vcenterThumbprint: string;
}

export type Preflight = (args: PreflightArgs) => Promise<PreflightReport>;

/** One conversation with vCenter, after the login. */
interface Inspection extends PreflightArgs {
  readonly api: VcenterApi;
  readonly content: ServiceContent;
  readonly find: Find;
  readonly found: Found;
}

/** Reads vCenter and changes nothing. What one fault hides (nothing can be asked before a login) shows at the next run. */
export const preflight: Preflight = async (args) => {
  const { site, plan } = args;
  let connection: Awaited<ReturnType<typeof VcenterApi.connect>>;
  try {
    connection = await VcenterApi.connect(site.vcenter);
  } catch (reason) {
    return {
      faults: [{ site: plan.site, ...connectionFinding(site, reason), severity: "error" }],
      vcenterThumbprint: "",
    };
  }
  return { faults: await inspect(args, connection), vcenterThumbprint: connection.thumbprint };
};

async function inspect(
  args: PreflightArgs,
  { api, content }: Pick<Inspection, "api" | "content">,
): Promise<readonly Fault[]> {
  const { site, plan } = args;
  const fault = (severity: Fault["severity"]) => (finding: Finding) => ({ site: plan.site, ...finding, severity });
  const error = fault("error");

  const trust = await pluginTrustFault(plan.site, site);
  try {
    const userName = await api.login(content.sessionManager, site.vcenter.username, args.password);
    const find = finder(api, content);
    const { found, faults: missing } = await findAll(find, site, plan);
    const inspection = { ...args, api, content, find, found };
    const [rights, ...findings] = await Promise.all([
      missingRights(api, content, found, userName),
      templateFindings(inspection),
      datastoreFindings(inspection),
      computeClusterFindings(inspection),
      found.datacenter === undefined ? [] : occupiedFaults(api, content, found, plan),
    ]);
    return [
      ...trust,
      ...[...missing, ...findings.flat()].map(error),
      ...rightsFindings(userName, rights).map(fault(args.mayBeReadOnly ? "notice" : "error")),
    ];
  } catch (reason) {
    return [...trust, error(loginFinding(site, reason))];
  } finally {
    await api.close(content.sessionManager);
  }
}

async function templateFindings({ api, found, plan }: Inspection): Promise<readonly Finding[]> {
  const findings = await Promise.all(
    found.templates.map(async ({ path, template, reference }) => {
      const config = await api.property<TemplateConfig>(reference, "config");
      const disks = plan.hosts.filter((host) => host.template.name === template.name).map((host) => host.size.diskGiB);
      return templateFaults(path, template.name, config, Math.min(...disks));
    }),
  );
  return findings.flat();
}

async function datastoreFindings({ api, find, found, site, plan }: Inspection): Promise<readonly Finding[]> {
  if (found.datastore === undefined) {
    return [];
  }
  const { datastore, dataDirectory, datacenter } = site.vcenter;
  const [summary, existing, directory] = await Promise.all([
    api.property<DatastoreSummary>(found.datastore, "summary"),
    existingHosts(find, datacenter, plan),
    dataDirectory === undefined ? [] : dataDirectoryFaults(api, found.datastore, datastore, dataDirectory),
  ]);
  const toMake = plan.hosts.filter((host) => !existing.includes(host));
  return [...datastoreFaults(datastore, summary, dataDirectory, toMake), ...directory];
}

async function computeClusterFindings({ api, found, site, plan }: Inspection): Promise<readonly Finding[]> {
  if (found.computeCluster === undefined) {
    return [];
  }
  const [config, esxiHosts] = await Promise.all([
    api.property<ClusterConfig>(found.computeCluster, "configurationEx"),
    api.property<readonly Reference[] | undefined>(found.computeCluster, "host"),
  ]);
  return computeClusterFaults(site.vcenter.computeCluster, config, esxiHosts?.length ?? 0, plan.bgp.routers.length);
}
