import type { Site } from "../config/site";
import type { RegionPlan } from "../plan/model";
import type { Credentials } from "./credentials";

/** A live site, and what it is compared with. */
export interface Live {
  readonly site: Site;
  readonly plan: RegionPlan;
  readonly credentials: Credentials;
  readonly now: Date;
}
