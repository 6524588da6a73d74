import { randomBytes } from "node:crypto";
import { waitFor } from "../../../lab/run";
import { receivedLogs } from "../../../lab/fixtures/services";
import { labAdministrator } from "../../../lab/ssh";
import type { HostPlan } from "../../../plan/model";
import { deployAccount } from "../../../render/accounts";
import { verifyAccount } from "../../../render/verify-account";
import { answersOf } from "../../support/answers";
import { asDeploy, identity, lab, onHost } from "../../support/lab";
import { sshCommand } from "../../../lab/ssh";

/** Facts of a host, each asked of the program that knows it. */
const questions = {
  name: "hostname",
  fqdn: "hostname --fqdn",
  address: "ip -brief -4 address show dev ens192",
  route: "ip route show default",
  mtu: "cat /sys/class/net/ens192/mtu",
  resolvers: "resolvectl dns ens192",
  domains: "resolvectl domain ens192",
  accounts: "getent passwd | awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' | sort",
  locked: "passwd --status root | cut -d ' ' -f 2",
  sshd: "sshd -T -C user=nobody,host=nobody,addr=127.0.0.1",
  hostKey: "cut -d ' ' -f 1,2 /etc/ssh/ssh_host_ed25519_key.pub",
  otherHostKeys: "ls /etc/ssh | grep -c '^ssh_host_.*_key$' || true",
  firewall: "nft list ruleset",
  failedUnits: "systemctl list-units --failed --plain --no-legend",
  cloudInit: "cloud-init status",
} as const;
type Facts = Record<keyof typeof questions, string>;

const factsOf = (name: string): Promise<Facts> => answersOf((script) => onHost(name, script), questions);

/** Hosts that `npm run verify` logs in to: the bridge, and the routers behind it. */
const verified: ReadonlySet<HostPlan["role"]> = new Set(["jump", "bgp"]);

function expectPlanned(host: HostPlan, facts: Facts): void {
  const { plan, stack } = lab();
  const keys = JSON.parse(stack.values().sshHostKeys) as Record<string, { publicKey: string }>;
  const flows = plan.flows.filter(({ from, to }) => from.hosts.includes(host.name) || to.hosts.includes(host.name));
  const sshd = facts.sshd.split("\n");
  expect({ ...facts, sshd: undefined, firewall: undefined }).toEqual({
    name: host.name,
    fqdn: host.fqdn,
    address: expect.stringMatching(new RegExp(`UP +${host.address}/${plan.vlan.prefixLength}$`)),
    route: expect.stringContaining(`via ${plan.vlan.gateway} dev ens192`),
    mtu: String(plan.vlan.mtu),
    resolvers: expect.stringMatching(new RegExp(`: ${plan.dns.nameservers.join(" ")}$`)),
    domains: expect.stringMatching(new RegExp(`: ${plan.dns.searchDomains.join(" ")}$`)),
    accounts: [deployAccount, labAdministrator, ...(verified.has(host.role) ? [verifyAccount] : [])].sort().join("\n"),
    locked: "L",
    hostKey: keys[host.name].publicKey.split(" ").slice(0, 2).join(" "),
    otherHostKeys: "1",
    failedUnits: "",
    cloudInit: "status: done",
    sshd: undefined,
    firewall: undefined,
  });
  for (const setting of ["passwordauthentication no", "permitrootlogin no", "kbdinteractiveauthentication no"]) {
    expect(sshd).toContain(setting);
  }
  expect(sshd).toContain(`allowtcpforwarding ${host.role === "jump" ? "local" : "no"}`);
  for (const { id } of flows) expect(facts.firewall).toContain(`"${id}"`);
  expect(facts.firewall).toContain("hook input priority filter; policy drop;");
  expect(facts.firewall).toContain("hook output priority filter; policy drop;");
  expect(facts.firewall).not.toContain("table inet first_boot");
}

/** Names of the plan's hosts: the plan of the real site, since tests are named before the lab is up. */
const hosts = ["jump", "auth", "bgp1", "bgp2", "capi"];

export function everyHostAnswers(): void {
  describe("every host answers as the plan says", () => {
    test("and there are these", () => expect(lab().plan.hosts.map(({ name }) => name)).toEqual(hosts));

    test.each(hosts)("%s, through the jump host", async (name) => {
      const host = lab().plan.hosts.find((each) => each.name === name) as HostPlan;
      expectPlanned(host, await factsOf(name));
      expect(await asDeploy(name, ["sudo", "-n", "whoami"])).toBe("root\n");
    });

    test.each(hosts)("%s follows the site's time servers", async (name) => {
      const sources = await waitFor(`${name} to have a time source`, 60_000, async () => {
        const { stdout } = { stdout: await onHost(name, "chronyc -c -n sources") };
        return stdout.split("\n").some((line) => line.startsWith("^,*,")) ? stdout : undefined;
      });
      const servers = sources
        .trim()
        .split("\n")
        .map((line) => line.split(",")[2])
        .sort();
      expect(servers).toEqual([...lab().site.ntp].sort());
    });

    test.each(hosts)("%s logs to the site's syslog", async (name) => {
      const { address } = lab().plan.hosts.find((each) => each.name === name) as HostPlan;
      const token = `e2e-${randomBytes(8).toString("hex")}`;
      await onHost(name, `logger --priority local0.notice --tag e2e ${token}\n`);
      await waitFor(`${token} at the log server`, 30_000, async () => {
        const log = `${receivedLogs}/${address}.log`;
        return (await lab().exec("services", ["grep", "-c", token, log])).stdout.trim() === "1" || undefined;
      });
    });

    test("auth serves the login over TLS through gw, with a certificate of the site's CA", async () => {
      const { operator, plan } = lab();
      const url = `${plan.login.issuer}/.well-known/openid-configuration`;
      const { stdout } = await operator.run(["curl", "--silent", "--show-error", "--fail", "--max-time", "10", url]);
      expect(JSON.parse(stdout)).toMatchObject({ issuer: plan.login.issuer });
      // Without the site's CA the same question is refused.
      const distrust = ["curl", "--silent", "--capath", "/nonexistent", "--cacert", "/etc/hostname", url];
      await expect(operator.run(distrust)).rejects.toThrow();
    });

    test("nobody enters with a password, as root, or past the jump host", async () => {
      const { exec, plan } = lab();
      const office = async (destination: string, ...options: string[]) => {
        const ssh = ["ssh", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"];
        const common = ["-o", "ConnectTimeout=3", "-o", "BatchMode=yes", ...options, destination, "true"];
        return (await exec("office", [...ssh, ...common], { accept: [0, 255] })).stderr;
      };
      const [jump, ...others] = plan.hosts;
      expect(await office(`root@${jump.address}`)).toContain("Permission denied (publickey)");
      expect(await office(`${labAdministrator}@${jump.address}`, "-o", "PubkeyAuthentication=no")).toContain(
        "Permission denied (publickey)",
      );
      for (const { address } of others) expect(await office(`${labAdministrator}@${address}`)).toContain("timed out");
    });

    test("the jump host forwards to planned places only", async () => {
      const { operator, plan } = lab();
      const forward = (destination: string) =>
        operator.run(sshCommand(identity, "-W").concat([destination, "jump"]), { accept: [0, 255], timeout: 20_000 });
      const [, auth] = plan.hosts;
      expect((await forward(`${auth.address}:22`)).stdout).toContain("SSH-2.0-");
      for (const place of [`${auth.address}:443`, `${plan.vlan.gateway}:22`, `${lab().site.vcenter.address}:443`]) {
        expect((await forward(place)).stderr).toContain("administratively prohibited");
      }
    });
  });
}
