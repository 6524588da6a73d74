import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runtime } from "@pulumi/pulumi";
import { repository } from "../../../lab/paths";
import { waitFor } from "../../../lab/run";
import type { PlaceRequest } from "../../../render/place-request";
import { answersOf } from "../../support/answers";
import { atConsole, identity, lab, labStackFile, onHost, progress } from "../../support/lab";
import { connectionsDuring } from "../../support/lab-connections";
import { silence, speak } from "../../support/lab-node";
import { vcenterSnapshot } from "../../support/lab-snapshot";
import { gw, nextHops, node, type Routes, serve, service, speaker } from "./bgp";

/**
 * A host, file by file and rule by rule. Left out: the databases of accounts, where a number goes to whoever comes first
 * (names, homes and shells are compared), and what kube-proxy and the pods of capi make for themselves.
 */
const accountDatabases = "'/etc/passwd*' '/etc/group*' '/etc/shadow*' '/etc/gshadow*' '/etc/subuid*' '/etc/subgid*'";
const files = `find /etc /usr/local -xdev $(printf -- "! -path %s " ${accountDatabases})`;
const questions = {
  files: `set -f; ${files} -type f -printf '%m %u:%g %p\\n' | sort; ${files} -type f -exec sha256sum {} + | sort -k 2`,
  links: `set -f; ${files} -type l -printf '%p %l\\n' | sort`,
  folders: `set -f; ${files} -type d -printf '%m %u:%g %p\\n' | sort`,
  placed: "cat /var/lib/site/placed; ls /var/lib/site",
  rules: "nft --stateless list table inet host",
  sshd: "sshd -T -C user=nobody,host=nobody,addr=127.0.0.1",
  units: "systemctl list-unit-files --plain --no-legend --state enabled",
  failed: "systemctl list-units --failed --plain --no-legend",
  accounts: "getent passwd | cut -d: -f 1,6,7 | sort; ls /home",
  routing: "if systemctl is-active --quiet frr.service; then vtysh -c 'show running-config'; fi",
} as const;

type Facts = Record<keyof typeof questions, string>;

const names = () => lab().plan.hosts.map(({ name }) => name);

const factsOf = async (): Promise<Record<string, Facts>> =>
  Object.fromEntries(
    await Promise.all(
      names().map(async (name) => [name, await answersOf((script) => atConsole(name, script), questions)] as const),
    ),
  );

/** When each host's first process began, and which machines vCenter has. */
const machines = async () => ({
  boots: await Promise.all(names().map((name) => atConsole(name, "cut -d ' ' -f 22 /proc/1/stat\n"))),
  vcenter: (await vcenterSnapshot()).filter((line) => line.startsWith("VirtualMachine ")),
});

/** Since when each router's session with gw is up. */
const gatewaySessions = async (): Promise<unknown[]> => {
  const { gateway } = lab().plan.vlan;
  const said = lab().plan.bgp.routers.map(async ({ host }) => {
    const neighbors = await onHost(host, `vtysh -c 'show bgp neighbors ${gateway} json'\n`);
    return (JSON.parse(neighbors) as Record<string, { bgpTimerUpEstablishedEpoch: number }>)[gateway];
  });
  return (await Promise.all(said)).map(({ bgpTimerUpEstablishedEpoch: since }) => since);
};

const whoami = async (user: string, name: string): Promise<string> => {
  const ssh = ["ssh", "-F", join(identity.directory, "ssh", "config"), "-l", user, name, "--", "sudo -n whoami"];
  return (await lab().operator.run(ssh, { accept: [0, 255] })).stdout;
};

/** What `up` told the program last that made hosts of the machines: the real thing, to be spoilt in one place. */
async function requests(): Promise<(name: string) => PlaceRequest> {
  const { stdout } = await lab().pulumi(["stack", "export", "--show-secrets"]);
  const { deployment } = JSON.parse(stdout) as { deployment: { resources: { urn: string; inputs?: object }[] } };
  return (name) => {
    const resource = deployment.resources.find(({ urn }) => urn.endsWith(`::${identity.site}-${name}-ready`));
    const { stdin } = resource?.inputs as { stdin: { [runtime.specialSigKey]: string; plaintext: string } };
    return JSON.parse(JSON.parse(stdin.plaintext) as string) as PlaceRequest;
  };
}

function spoilt(request: PlaceRequest, path: string, edit: (content: string) => string): PlaceRequest {
  const lines = request.placement.stdin.split("\n").map((line) => {
    const [mode, owner, name, encoded = ""] = line.split(" ");
    if (name !== path) return line;
    return [mode, owner, name, Buffer.from(edit(Buffer.from(encoded, "base64").toString())).toString("base64")].join(
      " ",
    );
  });
  const stdin = lines.join("\n");
  if (stdin === request.placement.stdin) throw new Error(`${request.target.name}: ${path} was not changed`);
  return { ...request, placement: { ...request.placement, stdin } };
}

async function place(request: PlaceRequest): Promise<{ readonly code: number | null; readonly said: string }> {
  const command = [process.execPath, join(repository, "bin", "tools", "place-files.js")];
  const options = { input: JSON.stringify(request), accept: "any", timeout: 120_000 } as const;
  const { code, stdout, stderr } = await lab().operator.run(command, options);
  return { code, said: stdout + stderr };
}

export function changedInPlace(): void {
  describe("hosts change in place", () => {
    let fresh: Record<string, Facts>;
    let before: Awaited<ReturnType<typeof machines>>;
    let passwords: string;

    const up = async (what: string) => {
      const began = Date.now();
      await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never"]);
      progress.say(`${what} took ${(Date.now() - began) / 1000} s`);
    };

    afterAll(() => labStackFile({ secrets: { bgpPasswords: passwords } }));

    test("an administrator more and another BGP password: no machine is replaced, no session with gw and no new connection is lost", async () => {
      passwords = lab().stack.values().bgpPasswords;
      [fresh, before] = await Promise.all([factsOf(), machines()]);
      const sessions = await gatewaySessions();
      const publicKey = (await readFile(join(identity.directory, "ssh", "id_ed25519.pub"), "utf8")).trim();
      const { upstream, clusters } = JSON.parse(passwords) as { upstream: string; clusters: Record<string, string> };
      await labStackFile({
        overlay: { "administrators.keys": [...lab().site.administrators.keys, { name: "carol", publicKey }] },
        secrets: {
          bgpPasswords: JSON.stringify({ upstream, clusters: { ...clusters, workloads: "another-password" } }),
        },
      });
      const address = await serve();
      const clients = await connectionsDuring(address, 80, () => up("a change of all hosts in place"));
      progress.say(`${clients.lost} of ${clients.attempts} new connections were lost meanwhile`);
      expect(clients).toMatchObject({ lost: 0, reasons: {} });
      expect(await machines()).toEqual(before);
      expect(await gatewaySessions()).toEqual(sessions);
      expect(await Promise.all(names().map((name) => whoami("carol", name)))).toEqual(names().map(() => "root\n"));
      for (const { host } of lab().plan.bgp.routers) {
        const running = await onHost(host, "vtysh -c 'show running-config'\n");
        expect(running).toContain("neighbor cluster-workloads password another-password");
        expect(running).not.toContain("graceful-shutdown");
      }
    });

    test("what a program refuses, or does not serve with, or would lock us out, is not there afterwards", async () => {
      const asked = await requests();
      const then = await factsOf();
      const closed =
        "table inet host\ndelete table inet host\ntable inet host { chain input { type filter hook input priority filter; policy drop; ct state established accept; }; }\n";
      const [refused, dead, lockedOut] = await Promise.all([
        place(spoilt(asked("bgp2"), "/etc/ssh/sshd_config.d/00-site.conf", (text) => `${text}PermitRootLogin maybe\n`)),
        place(spoilt(asked("auth"), "/etc/dex/config.yaml", () => "issuer: nowhere\n")),
        place(spoilt(asked("capi"), "/etc/nftables.conf", () => closed)),
      ]);
      expect([refused.code, dead.code, lockedOut.code]).toEqual([1, 1, 1]);
      expect(refused.said).toMatch(
        /siziano-bgp2: refused by sshd, nothing was changed: .*00-site.conf line \d+: unsupported option "maybe"/,
      );
      expect(dead.said).toMatch(/siziano-auth: sh failed .*Nothing of this change is left; the host goes on as it was/);
      expect(lockedOut.said).toMatch(/would have locked us out .*taken it back by itself, and answers again/s);
      expect(await place(asked("capi"))).toEqual({ code: 0, said: "" });
      const settled = (facts: Record<string, Facts>) =>
        Object.entries(facts).map(([name, each]) => [name, { ...each, placed: undefined }]);
      expect(settled(await factsOf())).toEqual(settled(then));
      const { operator, plan } = lab();
      const discovery = `${plan.login.issuer}/.well-known/openid-configuration`;
      await operator.run(["curl", "--silent", "--show-error", "--fail", "--max-time", "10", discovery]);
    });

    test("a router is not touched while the other one lacks a route that it carries", async () => {
      const asked = (await requests())("bgp1");
      const machine = await node();
      const announced = (routers: number) =>
        waitFor(`${routers} paths at gw`, 30_000, async () => {
          const { routes } = await gw<{ routes: Routes }>("bgp ipv4 unicast");
          return nextHops(routes, service()).length === routers || undefined;
        });
      await speak(machine, speaker([{ prefix: service() }], { routers: ["bgp1"] }));
      await announced(1);
      expect(await place(asked)).toEqual({
        code: 1,
        said: `bgp1 was not touched: bgp2 does not carry ${service()}. Mend bgp2 first.\n`,
      });
      await speak(machine, speaker([{ prefix: service() }]));
      await announced(2);
      expect(await place(asked)).toEqual({ code: 0, said: "" });
      await silence(machine);
    });

    test("changed back, each is what it was when it was built afresh, file by file and rule by rule", async () => {
      await labStackFile({ secrets: { bgpPasswords: passwords } });
      await up("the change back");
      expect(await factsOf()).toEqual(fresh);
      expect(await machines()).toEqual(before);
      expect(await whoami("carol", "jump")).toBe("");
    });
  });
}
