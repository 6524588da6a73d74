import type { LabOptions } from "../../../lab/lab";
import { readOnlyUser } from "../../../lab/vcenter";
import { lab, labStackFile, pulumiFails } from "../../support/lab";
import { vcenterSnapshot } from "../../support/lab-snapshot";

/** What `up` says with these changes of the stack file; vCenter must be afterwards what it was before. */
async function refused(changes: LabOptions): Promise<string> {
  const before = await vcenterSnapshot();
  await labStackFile(changes);
  try {
    const said = await pulumiFails(["up", "--yes", "--skip-preview", "--color", "never"]);
    expect(said).toContain(`vCenter is not ready for ${lab().plan.site}; nothing was touched.`);
    return said;
  } finally {
    await labStackFile();
    expect(await vcenterSnapshot()).toEqual(before);
  }
}

export function refusedUp(): void {
  test("up is refused with all faults at once, before it touches vCenter", async () => {
    const said = await refused({
      overlay: {
        "vcenter.username": readOnlyUser,
        "vcenter.templates.host": { name: "no-such-template", kind: "prepared" },
      },
      secrets: { vcenterPassword: lab().vcenter.readOnlyPassword },
    });
    expect(said).toContain("no-such-template");
    expect(said).toContain("[vcenter-missing]");
    expect(said).toContain("[vcenter-rights]");
    expect(said).toContain("it can only read");
  });

  test("up is refused with a wrong password, which it does not repeat", async () => {
    const wrong = "CANARY-wrong-password";
    const said = await refused({ secrets: { vcenterPassword: wrong } });
    expect(said).toContain("vcenter.username");
    expect(said).toContain("[vcenter-login]");
    expect(said).not.toContain(wrong);
  });
}
