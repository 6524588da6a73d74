import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { capiKey } from "../../../config/secret-needs";
import { repository } from "../../../lab/paths";
import { run } from "../../../lab/run";
import { engineLogs, filesBelow } from "../../support/lab-evidence";
import { identity, lab, labStackFile, onHost } from "../../support/lab";
import { canariesOf, findCanaries } from "../../support/lab-canaries";
import { stackOutputs } from "./no-changes";

const canaries = () => canariesOf(lab().stack.values());

/** Every text that pulumi wrote about the region, by where it is; made once, as it costs some runs. */
async function evidence(): Promise<ReadonlyMap<string, string>> {
  const { pulumi } = lab();
  const texts = new Map<string, string>();
  for (const [path, text] of await filesBelow(join(identity.directory, "state"))) texts.set(path, text);
  for (const name of ["up.stdout", "up.stderr"])
    texts.set(`engine log ${name}`, readFileSync(engineLogs(name), "utf8"));
  texts.set("stack export", (await pulumi(["stack", "export"])).stdout);
  texts.set("stack output", JSON.stringify(await stackOutputs()));
  // A change that shows every input of a host in the diff.
  await labStackFile({ overlay: { "administrators.keys": [{ name: "mallory", publicKey: await someKey() }] } });
  try {
    texts.set("preview --diff", (await pulumi(["preview", "--diff", "--color", "never"])).stdout);
    const preview = (await pulumi(["preview", "--json"])).stdout;
    texts.set("preview --json", preview);
    const digest = [process.execPath, join(repository, "bin/tools/preview-digest.js"), identity.site];
    texts.set("digest of a preview", (await run(digest, { input: preview })).stdout);
  } finally {
    await labStackFile();
  }
  texts.set("stack file", readFileSync(lab().stack.file, "utf8"));
  return texts;
}

async function someKey(): Promise<string> {
  return (await run(["ssh-keygen", "-y", "-f", join(identity.directory, "ssh", "id_ed25519")])).stdout.trim();
}

export function secretsStaySecret(): void {
  describe("secrets", () => {
    test("arrive intact where they belong", async () => {
      const values = lab().stack.values();
      const pairs = JSON.parse(values.sshHostKeys) as Record<string, { privateKey: string }>;
      for (const [host, { privateKey }] of Object.entries(pairs)) {
        expect((await onHost(host, "cat /etc/ssh/ssh_host_ed25519_key\n")).trim()).toBe(privateKey.trim());
      }
      const bgp = JSON.parse(values.bgpPasswords) as { upstream: string; clusters: Record<string, string> };
      const frr = await onHost("bgp1", "cat /etc/frr/frr.conf\n");
      for (const password of [bgp.upstream, ...Object.values(bgp.clusters)]) {
        expect(frr.split("\n").filter((line) => line.endsWith(` password ${password}`))).toHaveLength(1);
      }
      // That vCenter's, the directory's and the routers' passwords work, is what up, the logins and the sessions show.
      expect(values.vcenterPassword).toBe(lab().vcenter.vcenterPassword);
      expect(values.activeDirectoryPassword).toBe(lab().domain.bindPassword);
    });

    test("reach only the hosts that need them", async () => {
      const names = canaries().filter(({ name }) => /^(meshCa|encryptionKeys|vcenterPassword|deployKey)/.test(name));
      for (const { name: host } of lab().plan.hosts) {
        const files =
          "find /etc /usr/local /var/lib/cloud /var/lib/first-boot -xdev -type f -size -2M -exec cat {} +\n";
        const needed = host === capiKey ? [`encryptionKeys.${capiKey}`] : [];
        expect([host, findCanaries(await onHost(host, files), names)]).toEqual([host, needed]);
      }
    });

    test("are in no machine's guestinfo, where vCenter keeps them for all time", async () => {
      const wanted = canaries();
      for (const { name: host } of lab().plan.hosts) {
        // As the hypervisor hands it to the guest, out of the machine's extraConfig.
        const kept = await onHost(host, "cat /run/hypervisor/guestinfo.env\n");
        const [, userData = ""] = /^VMX_GUESTINFO_USERDATA="([^"]+)"$/m.exec(kept) ?? [];
        expect(gunzipSync(Buffer.from(userData, "base64")).toString()).toContain("#cloud-config");
        expect([host, findCanaries(kept, wanted)]).toEqual([host, []]);
      }
    });

    test("are in no state, log, diff, output or digest", async () => {
      const wanted = canaries();
      expect(wanted.length).toBeGreaterThanOrEqual(10);
      const texts = await evidence();
      const found = [...texts].map(([where, text]) => [where, findCanaries(text, wanted)]);
      expect(found.filter(([, names]) => names.length > 0)).toEqual([]);
      // What was searched is what it should be.
      expect(texts.get("engine log up.stdout")).toContain(`${identity.site}-auth-vm`);
      expect(texts.get("preview --diff")).toContain("/etc/ssh/authorized_keys.d/mallory");
      expect(texts.get("digest of a preview")).toContain(`${identity.site}-auth-ready`);
    });

    test("and would be found, in clear and packed", async () => {
      const wanted = canaries();
      const { stdout } = await lab().pulumi(["stack", "export", "--show-secrets"]);
      const found = findCanaries(stdout, wanted);
      // Only what is rendered for a host, or used by the engine itself, is in the state at all.
      const unused = /^(meshCa|verifyKey|encryptionKeys)/;
      expect(found.sort()).toEqual(
        wanted
          .map(({ name }) => name)
          .filter((name) => !unused.test(name) || name === `encryptionKeys.${capiKey}`)
          .sort(),
      );
      for (const { name, core } of wanted) {
        expect(findCanaries(Buffer.from(`user-data: ${core}!`).toString("base64"), wanted)).toEqual([name]);
      }
    });
  });
}
