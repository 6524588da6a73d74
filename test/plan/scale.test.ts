import { checkSites } from "../../plan/check";
import { planRegion } from "../../plan/plan";
import { fullSites } from "../support/full-sites";
import { largestRegion } from "./arbitraries";

/** As many clusters as 10.0.0.0/8 has pod ranges for, nearly. How long it takes is what `npm run bench` says. */
const regions = 10;

test("250 clusters have no fault, and each is planned", () => {
  const drafts = fullSites(regions);
  const faults = checkSites({ drafts, faults: [] });
  expect(faults.filter(({ severity }) => severity === "error")).toEqual([]);
  for (const name of Object.keys(drafts)) expect(planRegion(drafts, name).clusters).toHaveLength(largestRegion);
});
