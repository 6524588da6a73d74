import { readOnlyUser } from "../../../lab/vcenter";
import { lab, labStackFile, pulumiFails } from "../../support/lab";
import { vcenterSnapshot } from "../../support/lab-snapshot";

export function refusedUp(): void {
  test("up is refused with all faults at once, before it touches vCenter", async () => {
    const before = await vcenterSnapshot();
    await labStackFile({
      overlay: {
        "vcenter.username": readOnlyUser,
        "vcenter.templates.host": { name: "no-such-template", kind: "prepared" },
      },
      secrets: { vcenterPassword: lab().vcenter.readOnlyPassword },
    });
    try {
      const said = await pulumiFails(["up", "--yes", "--skip-preview"]);
      expect(said).toContain("vCenter is not ready for siziano; nothing was touched.");
      expect(said).toContain("no-such-template");
      expect(said).toContain("[vcenter-missing]");
      expect(said).toContain("[vcenter-rights]");
      expect(said).toContain("it can only read");
    } finally {
      await labStackFile();
    }
    expect(await vcenterSnapshot()).toEqual(before);
  });
}
