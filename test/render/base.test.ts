import type { HostContent, HostFile } from "../../render/host-content";
import type { SshKeyPair } from "../../config/secrets";
import { realReader } from "../real-reader";
import { exampleHost, examplePlan } from "../support/example-host";

// The real programs run on a machine that may be busy.
jest.setTimeout(60_000);

const names = examplePlan().hosts.map(({ name }) => name);

let hostKey: SshKeyPair;

/** OpenSSH wants a real key; one is made where it is read. */
beforeAll(async () => {
  const make = "ssh-keygen -q -t ed25519 -N '' -C test -f /key && cat /key.pub /key";
  const { stdout } = await realReader([], ["sh", "-c", make]);
  const [publicKey = "", ...rest] = stdout.split("\n");
  hostKey = { publicKey, privateKey: rest.join("\n") };
});

/** Runs a shell script in a root that holds the host's files, one of them changed. */
function onHost(name: string, script: string, change?: { path: string; edit: (content: string) => string }) {
  const { content } = exampleHost(name, { hostKey });
  const files = content.files.map((file): HostFile => {
    if (file.path !== change?.path) return file;
    const edited = change.edit(file.content);
    if (edited === file.content) throw new Error(`${file.path}: the change changed nothing`);
    return { ...file, content: edited };
  });
  if (change !== undefined && files.every(({ path }) => path !== change.path))
    throw new Error(`${change.path}: no such file`);
  // dex comes from an archive of its own, the root has the distribution's programs.
  const dex = { path: "/usr/local/bin/dex", mode: "0755", content: "#!/bin/sh\n" };
  // capi's units name one of the node template's, which this root is not made from.
  const containerd = {
    path: "/usr/lib/systemd/system/containerd.service",
    mode: "0644",
    content: "[Service]\nExecStart=/bin/true\n",
  };
  const prepare = "mkdir -p /run/sshd";
  return realReader([...files, dex, containerd], ["sh", "-c", `${prepare}\n${script}`]);
}

const asScript = ({ checks }: HostContent, program: string): string =>
  checks
    .filter(([first]) => first === program)
    .map((words) => words.map((word) => `'${word}'`).join(" "))
    .join(" && ");

describe.each(names)("the programs on %s", (name) => {
  test.each(["visudo", "sshd", "nft", "chronyd", "rsyslogd"])("%s accepts its files", async (program) => {
    const script = asScript(exampleHost(name).content, program);
    expect(script).toContain(program);
    const { code, stderr } = await onHost(name, script);
    expect({ code, stderr }).toMatchObject({ code: 0 });
  });

  test("systemd accepts the units and the update timer", async () => {
    const own = exampleHost(name)
      .content.files.map(({ path }) => path)
      .filter((path) => path.endsWith(".service"));
    const { code, stderr } = await onHost(name, `systemd-analyze verify ${own.join(" ")} apt-daily-upgrade.timer`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

describe("a broken file is refused by", () => {
  const append = (text: string) => (content: string) => `${content}${text}\n`;

  test.each([
    ["visudo", "/etc/sudoers.d/50-accounts", append("alice ALL=(")],
    ["sshd", "/etc/ssh/sshd_config.d/00-site.conf", append("PermitRootLogin maybe")],
    ["nft", "/etc/nftables.conf", append("table inet host {")],
    ["chronyd", "/etc/chrony/chrony.conf", append("servers none")],
    ["rsyslogd", "/etc/rsyslog.d/10-central.conf", (content: string) => content.replace(/\)\n$/, "")],
  ])("%s: %s", async (program, path, edit) => {
    const { code } = await onHost("jump", asScript(exampleHost("jump").content, program), { path, edit });
    expect(code).not.toBe(0);
  });

  test.each([
    ["apt", "apt-config dump", "/etc/apt/apt.conf.d/60site-security-updates", append('APT::Periodic "')],
    [
      "systemd",
      "systemd-analyze verify apt-daily-upgrade.timer",
      "/etc/systemd/system/apt-daily-upgrade.timer.d/site.conf",
      (content: string) => content.replace("*-*-* 0", "*-*-* at 0"),
    ],
    ["tlog", "tlog-rec --configuration", "/etc/tlog/tlog-rec.conf", (content: string) => content.replace("{", "")],
    ["ulogd", "timeout 1 ulogd", "/etc/ulogd.conf", (content: string) => content.replace("LOG_DAEMON", "LOG_NONE")],
  ])("%s", async (_program, command, path, edit) => {
    const good = await onHost("jump", command);
    const bad = await onHost("jump", command, { path, edit });
    // 124: a daemon that took its settings ran until its time was up.
    expect([0, 124]).toContain(good.code);
    expect([0, 124]).not.toContain(bad.code);
  });
});

describe("what is in force", () => {
  const effective = async (name: string, user: string) => {
    const { code, stdout, stderr } = await onHost(name, `sshd -T -C user=${user},host=h,addr=192.168.20.50`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.split("\n");
  };

  test.each(names)("sshd on %s: keys only, no root, the pinned key only", async (name) => {
    const settings = await effective(name, "alice");
    for (const line of [
      "permitrootlogin no",
      "passwordauthentication no",
      "kbdinteractiveauthentication no",
      "permitemptypasswords no",
      "authenticationmethods publickey",
      "authorizedkeysfile /etc/ssh/authorized_keys.d/%u",
      "allowusers deploy",
      "allowusers alice",
      "allowusers bob",
      "x11forwarding no",
      "allowagentforwarding no",
      "allowstreamlocalforwarding no",
      "permittunnel no",
      "gatewayports no",
      `allowtcpforwarding ${name === "jump" ? "local" : "no"}`,
    ]) {
      expect(settings).toContain(line);
    }
    expect(settings.filter((line) => line.startsWith("hostkey "))).toEqual(["hostkey /etc/ssh/ssh_host_ed25519_key"]);
    const others = ["jump", "bgp1", "bgp2"].includes(name) ? ["verify"] : [];
    expect(settings.filter((line) => line.startsWith("allowusers "))).toHaveLength(3 + others.length);
    for (const other of others) expect(settings).toContain(`allowusers ${other}`);
  });

  test("administrators' sessions on jump are recorded, `up`'s are not", async () => {
    expect(await effective("jump", "alice")).toContain("forcecommand /usr/local/lib/site/record-session");
    expect(await effective("jump", "deploy")).toContain("forcecommand none");
    // Its key says what it runs: nothing.
    expect(await effective("jump", "verify")).toContain("forcecommand none");
  });

  test("only security updates install themselves", async () => {
    const { stdout } = await onHost(
      "auth",
      "apt-config dump | grep -E '^Unattended-Upgrade::(Origins-Pattern|Allowed-Origins)::'",
    );
    expect(stdout.trim().split("\n")).toEqual([
      'Unattended-Upgrade::Origins-Pattern:: "origin=Debian,codename=${distro_codename}-security,label=Debian-Security";',
      'Unattended-Upgrade::Origins-Pattern:: "origin=Ubuntu,archive=${distro_codename}-security";',
    ]);
  });

  test("no two routers update in the same half hour", () => {
    const start = (name: string) =>
      exampleHost(name).content.files.find(({ path }) => path.includes("apt-daily-upgrade.timer"))?.content;
    expect(start("bgp1")).not.toBe(start("bgp2"));
  });
});
