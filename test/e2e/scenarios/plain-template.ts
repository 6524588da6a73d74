import type { Overlay } from "../../../lab/overlay";
import { plainTemplate as plainTemplateName } from "../../../lab/vcenter";
import { host, lab, labStackFile, onHost, progress, pulumiFails } from "../../support/lab";
import { urnOf } from "../../support/lab-state";
import { groupsOf, logIn, loginPage } from "./logins";

/** auth: the one host that needs packages and a program that no package holds. */
const name = "auth";

const overlay = (kind: "plain" | "prepared"): Overlay => ({
  "vcenter.templates.host": { name: plainTemplateName, kind },
  programs: {
    dex: { url: `${lab().site.mirrors.files}/${lab().prepared.dex.name}`, sha256: lab().prepared.dex.sha256 },
  },
});

/** Rebuilds that host alone, and what is delivered to it; the others stay what they are. */
async function upOfOneHost(): Promise<string[]> {
  const machine = await urnOf(`${lab().plan.site}-${name}-vm`);
  // By its name: after a failed boot, state does not know it.
  const ready = machine.replace("vsphere:index/virtualMachine:VirtualMachine", "command:local:Command");
  const targets = [machine, ready.replace(/-vm$/, "-ready")].flatMap((urn) => ["--target", urn]);
  return ["up", "--yes", "--skip-preview", "--color", "never", "--target-dependents", ...targets];
}

export function plainTemplate(): void {
  describe("a host's first boot", () => {
    afterAll(() => labStackFile());

    test("fails up with its own reason: a plain template that the site file calls prepared", async () => {
      await labStackFile({ overlay: overlay("prepared") });
      const said = await pulumiFails(await upOfOneHost());
      expect(said).toContain(`${host(name).vmName}: the first boot did not finish: FAILED:`);
      expect(said).toMatch(new RegExp(`template ${plainTemplateName} is no prepared one .*lacks: .*caddy`));
      expect(said).toContain("status: error");
    });

    test("succeeds with the next up, once that is mended: packages and program come from the site's mirror", async () => {
      await labStackFile({ overlay: overlay("plain") });
      const began = Date.now();
      await lab().pulumi(await upOfOneHost());
      progress.say(`a host from the plain template took ${(Date.now() - began) / 1000} s`);
      const packages = "grep -c ' installed caddy:' /var/log/dpkg.log; cloud-init status";
      expect(await onHost(name, `${packages}\n`)).toMatch(/^[1-9]\d*\nstatus: done\n$/);
    });

    test("has used no other source than the mirror", async () => {
      const sources = await onHost(name, "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true\n");
      const hosts = [...sources.matchAll(/^(?:deb|URIs:)\s+\S*?\/\/([^/]+)/gm)].map(([, server]) => server);
      expect([...new Set(hosts)]).toEqual([new URL(lab().site.mirrors.debian ?? "").host]);
      const requests = ["journalctl", "--unit", "caddy.service", "--output", "cat", "--grep", host(name).address];
      const { stdout } = await lab().exec("depot", requests);
      expect(stdout).toMatch(/"uri":"\/debian\/pool\/[^"]*\/caddy_/);
      expect(stdout).toContain(`"uri":"/files/${lab().prepared.dex.name}"`);
      // The internet would have been there, had it been let.
      const internet = await onHost(
        name,
        `curl --silent --max-time 3 http://${lab().context.surroundings.internet.addresses[0]}/ || echo refused\n`,
      );
      expect(internet).toBe("refused\n");
    });

    test("makes a host that serves the login as one from a prepared template does", async () => {
      expect(groupsOf(await logIn("anna.nested"))).toContain("k8s-admins");
      expect(await loginPage()).toContain("This site has no cluster yet");
    });
  });
}
