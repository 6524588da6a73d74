import { deployAccount } from "../../../render/accounts";
import { hostKeyPath } from "../../../render/sshd";
import { waitFor } from "../../../lab/run";
import { atConsole, host, lab, onHost, pulumiFails } from "../../support/lab";
import { urnOf } from "../../support/lab-state";

/** Sessions of `up`'s account that a host's sshd let in. */
const sessionsOfUp = async (name: string): Promise<number> => {
  const log = `journalctl --quiet --unit ssh.service --output cat`;
  return Number(await atConsole(name, `${log} | grep -c 'Accepted publickey for ${deployAccount} ' || true\n`));
};

const kept = `${hostKeyPath}.own`;

/** Puts another key of the same kind in the place of the host's own, as a machine in between would show one. */
const showAnotherKey = `mv ${hostKeyPath} ${kept}; mv ${hostKeyPath}.pub ${kept}.pub
ssh-keygen -q -t ed25519 -N '' -f ${hostKeyPath}
systemctl restart ssh.service
`;
const showOwnKey = `mv ${kept} ${hostKeyPath}; mv ${kept}.pub ${hostKeyPath}.pub
systemctl restart ssh.service
`;

const replaceReadiness = async (name: string) => {
  const urn = await urnOf(`${lab().plan.site}-${name}-ready`);
  return ["up", "--yes", "--skip-preview", "--color", "never", "--target", urn, "--replace", urn];
};

export function hostKeys(): void {
  describe("a host that shows another SSH host key", () => {
    test.each([
      ["capi", "that of the host itself"],
      ["jump", "that of the way in"],
    ])("%s (%s): up stops, and no command ran", async (name) => {
      const target = "capi";
      const command = await replaceReadiness(target);
      const before = await sessionsOfUp(target);
      await atConsole(name, showAnotherKey);
      try {
        const said = await pulumiFails(command);
        expect(said).toContain(`SSH to ${name} (${host(name).address}:22): it shows another SSH host key`);
        expect(await sessionsOfUp(target)).toBe(before);
      } finally {
        await atConsole(name, showOwnKey);
      }
      await waitFor(
        `${name} to answer again`,
        20_000,
        async () => (await onHost(name, "echo yes\n")) === "yes\n" || undefined,
      );
    });

    test("with its own key again, the same up asks the host and goes on", async () => {
      const before = await sessionsOfUp("capi");
      await lab().pulumi(await replaceReadiness("capi"));
      expect(await sessionsOfUp("capi")).toBeGreaterThan(before);
    });
  });
}
