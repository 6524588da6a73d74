/** The program of a stack: read, check, plan, ask vCenter, and only then register resources. */
import * as pulumi from "@pulumi/pulumi";
import { faultText } from "../config/fault";
import { loadConfig } from "../config/load";
import { checkedSites, SiteFaults } from "../plan/check";
import { planRegion } from "../plan/plan";
import { Kubernetes } from "./kubernetes";
import { regionOutputs, type RegionOutputs } from "./outputs";
import type { Preflight } from "./preflight/preflight";
import { Refusal } from "./refusal";
import { Region } from "./region";

/** Errors: one RunError, which Pulumi prints without a stack trace, with every fault that was found. */
export async function program(preflight: Preflight): Promise<RegionOutputs> {
  const { siteName, files, secrets } = loadConfig();
  const sites = readable(() => checkedSites(files, { up: siteName }));
  const site = sites[siteName];
  const plan = planRegion(sites, siteName);
  const password = await valueOf(secrets.vcenterPassword);
  const { faults, vcenterThumbprint } = await preflight({
    site,
    plan,
    password,
    mayBeReadOnly: pulumi.runtime.isDryRun(),
  });
  for (const notice of faults.filter((fault) => fault.severity === "notice")) {
    await pulumi.log.warn(faultText(notice));
  }
  const errors = faults.filter((fault) => fault.severity === "error");
  if (errors.length > 0) {
    throw new Refusal(
      `vCenter is not ready for ${siteName}; nothing was touched.\n${errors.map(faultText).join("\n")}`,
    );
  }
  const region = new Region(siteName, { site, plan, secrets });
  const kubernetes = new Kubernetes(`${siteName}-k8s`, { site, plan, secrets, region, vcenterThumbprint });
  return regionOutputs({ site, plan, secrets, kubernetes });
}

function readable<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof SiteFaults ? new Refusal(error.message) : error;
  }
}

/** A configuration value is known from the start, in a preview too: the promise always settles. */
function valueOf(secret: pulumi.Output<string>): Promise<string> {
  return new Promise((resolve) => {
    secret.apply(resolve);
  });
}
