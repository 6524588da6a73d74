import { firstBootKey } from "../../render/first-boot-key";
import { baseFiles, changesOf, matches } from "../../render/machine-base";
import { realReader } from "../real-reader";
import { exampleHost, examplePlan, exampleSecrets } from "../support/example-host";

// The real programs run on a machine that may be busy.
jest.setTimeout(60_000);

const names = examplePlan().hosts.map(({ name }) => name);

describe("the first boot's SSH host key", () => {
  const { host } = exampleHost("jump");
  const key = firstBootKey(host, exampleSecrets.hostKey);

  test("is one that sshd takes, and its halves belong together", async () => {
    const files = [
      { path: "/key", content: key.privateKey, mode: "0600" },
      { path: "/sshd_config", content: "HostKey /key\n" },
    ];
    const script = "mkdir -p /run/sshd; /usr/sbin/sshd -t -f /sshd_config && ssh-keygen -y -f /key";
    const { code, stdout, stderr } = await realReader(files, ["sh", "-c", script]);
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: `${key.publicKey}\n`, stderr: "" });
  });

  test("is another one for each machine and each key of its own, and always the same", () => {
    const { host: auth } = exampleHost("auth");
    const other = { ...exampleSecrets.hostKey, privateKey: "another\n" };
    const keys = [key, firstBootKey(auth, exampleSecrets.hostKey), firstBootKey(host, other)];
    expect(new Set(keys.map(({ publicKey }) => publicKey.split(" ")[1])).size).toBe(3);
    expect(firstBootKey(host, exampleSecrets.hostKey)).toEqual(key);
  });
});

test("a pattern matches as the shell's does", () => {
  expect(matches("/etc/ssh/*", "/etc/ssh/authorized_keys.d/alice")).toBe(true);
  expect(matches("/etc/frr/frr.conf", "/etc/frr/frr.conf")).toBe(true);
  expect(matches("/etc/frr/frr.conf", "/etc/frr/frrXconf")).toBe(false);
});

test.each(names)(
  "%s: every change names files that it has, and every program to tell is one of its services",
  (name) => {
    const { content } = exampleHost(name);
    for (const change of content.inPlace) {
      const used = content.files.filter(({ path }) => changesOf(content, path).includes(change));
      expect([change.files, used.map(({ path }) => path)]).not.toEqual([change.files, []]);
      const [program, , unit] = change.told ?? [];
      if (program === "systemctl") expect(content.services).toContain(unit);
    }
  },
);

test("another machine comes from: kernel settings, units, daemons, the data disk and the control plane", () => {
  const base = Object.fromEntries(
    names.map((name) => [name, baseFiles(exampleHost(name).content).map(({ path }) => path)]),
  );
  expect(base).toMatchInlineSnapshot(`
   {
     "auth": [
       "/etc/sysctl.d/60-site.conf",
       "/etc/sysctl.d/90-auth.conf",
     ],
     "bgp1": [
       "/etc/sysctl.d/60-site.conf",
       "/etc/sysctl.d/90-router.conf",
       "/etc/frr/daemons",
       "/etc/frr/vtysh.conf",
     ],
     "bgp2": [
       "/etc/sysctl.d/60-site.conf",
       "/etc/sysctl.d/90-router.conf",
       "/etc/frr/daemons",
       "/etc/frr/vtysh.conf",
     ],
     "capi": [
       "/etc/sysctl.d/60-site.conf",
       "/usr/local/lib/site/prepare-data-disk",
       "/etc/systemd/system/data-disk.service",
       "/etc/kubernetes/kubeadm.yaml",
       "/etc/kubernetes/encryption.yaml",
       "/etc/kubernetes/audit-policy.yaml",
       "/etc/tmpfiles.d/kubernetes-modes.conf",
       "/etc/cni/net.d/10-pods.conflist",
       "/etc/sysctl.d/90-pods.conf",
       "/usr/local/lib/site/start-control-plane",
       "/etc/systemd/system/control-plane.service",
       "/etc/systemd/system/kubelet.service.d/20-data-disk.conf",
       "/usr/local/lib/site/renew-certificates",
       "/etc/systemd/system/control-plane-certificates.service",
       "/etc/systemd/system/control-plane-certificates.timer",
     ],
     "jump": [
       "/etc/sysctl.d/60-site.conf",
     ],
   }
  `);
});

test.each(names)("the machine of %s knows no secret of its host", (name) => {
  const { base } = exampleHost(name);
  const text = JSON.stringify(base);
  const { hostKey, bgpPasswords, activeDirectoryPassword, encryptionKey } = exampleSecrets;
  const secrets = [
    hostKey.privateKey.trim(),
    ...Object.values(bgpPasswords?.clusters ?? {}),
    activeDirectoryPassword,
    encryptionKey,
  ];
  for (const secret of secrets) expect(text).not.toContain(secret);
});
