import { lab } from "../../support/lab";
import { vcenterSnapshot } from "../../support/lab-snapshot";
import { deployment } from "../../support/lab-state";
import { emptyVcenter, ownMachines } from "./up";

/** Destroys the region and compares: what is left in vCenter, its datastore and this machine is what was there before. */
export async function destroyAll(): Promise<void> {
  await lab().pulumi(["destroy", "--yes", "--skip-preview", "--refresh", "--color", "never"]);
  expect((await deployment()).resources ?? []).toEqual([]);
  const left = (await vcenterSnapshot()).filter((line) => !ownMachines(line));
  expect(left).toEqual(emptyVcenter());
}

export function emptyAgain(): void {
  test("destroy leaves the vCenter as it was", destroyAll);
}
