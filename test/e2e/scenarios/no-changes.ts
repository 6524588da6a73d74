import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "../../../lab/paths";
import { run } from "../../../lab/run";
import { lab } from "../../support/lab";

interface Outputs {
  readonly outputsVersion: number;
  readonly firewallMatrix: unknown;
  readonly dnsEntries: { readonly forwarders: unknown; readonly records: unknown };
  readonly hosts: Record<string, { readonly address: string }>;
  readonly issuer: string;
  readonly knownHosts: readonly string[];
}

export async function stackOutputs(): Promise<Outputs> {
  return JSON.parse((await lab().pulumi(["stack", "output", "--json"])).stdout) as Outputs;
}

/** Nothing to do, also by what vCenter itself says. Throws with pulumi's own words otherwise. */
export async function expectNoChanges(): Promise<void> {
  await lab().pulumi(["preview", "--refresh", "--expect-no-changes", "--diff", "--color", "never"]);
}

export function noChanges(): void {
  describe("a second look", () => {
    test("finds nothing to change, and the same outputs", async () => {
      const before = await stackOutputs();
      await expectNoChanges();
      await lab().pulumi(["up", "--yes", "--refresh", "--skip-preview", "--expect-no-changes", "--color", "never"]);
      expect(await stackOutputs()).toEqual(before);
    });

    test("the outputs are those of `npm run plan`", async () => {
      const { identity, plan, stack } = lab();
      const folder = join(identity.directory, "plan");
      await run([process.execPath, join(repository, "bin/tools/plan.js"), identity.site, "--out", folder]);
      const file = <T>(name: string) => JSON.parse(readFileSync(join(folder, name), "utf8")) as T;
      const outputs = await stackOutputs();
      expect(outputs.outputsVersion).toBe(1);
      expect(outputs.firewallMatrix).toEqual(file<{ rules: unknown }>("firewall-matrix.json").rules);
      expect(file("dns-entries.json")).toMatchObject(outputs.dnsEntries);
      expect(outputs.dnsEntries.records).toEqual(plan.dns.records);
      expect(outputs.issuer).toBe(plan.login.issuer);
      const keys = JSON.parse(stack.values().sshHostKeys) as Record<string, { publicKey: string }>;
      expect(outputs.knownHosts).toEqual(
        plan.hosts.map(({ name, fqdn, address }) => `${fqdn},${address} ${keys[name].publicKey}`),
      );
    });
  });
}
