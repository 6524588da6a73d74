/**
 * Backups by the real programs of the node template: etcd with TLS, restic, and OpenSSH as the server that they go to. What
 * stands in is Kubernetes itself (kubectl says what it is told to) and containerd's mount of etcd's image.
 */
import { planRegion } from "../../../plan/plan";
import { backupFolder } from "../../../render/capi/backup-paths";
import { resticCommand } from "../../../render/capi/backup-repository";
import { withEtcd } from "../../../render/capi/etcd-programs";
import { certificatesFolder, encryptionPath, etcdFolder, kubeadmPath } from "../../../render/capi/kubeadm";
import { restoreManagementScript, sealSnapshotScript } from "../../../render/capi/restore";
import { startScript } from "../../../render/capi/scripts";
import { changeMember, prepareMember } from "../../../render/cluster/restore";
import { hostContent } from "../../../render/host";
import { generateSshKeyPair } from "../../../tools/secret-values";
import { parseSnapshots } from "../../../tools/snapshots";
import { exampleSecrets } from "../../support/example-host";
import { exampleSites } from "../../support/example-sites";
import { labProgram } from "../../support/lab-program";
import { nodeReaderRoot } from "../../support/reader-root";
import { RootMachine, type RootFile } from "../../support/root-process";
import { Switch } from "../../support/switch";

// The first call ever builds the node template.
jest.setTimeout(900_000);

const keys = { server: generateSshKeyPair("server"), client: generateSshKeyPair("client") };
const backupScript = "/usr/local/lib/site/backup";
const clusterKey = "/registry/cluster.x-k8s.io/clusters/workloads/workloads";
const memberAddress = "172.20.10.150";

function files(): { readonly files: readonly RootFile[]; readonly address: string; readonly target: string } {
  const sites = exampleSites();
  const site = sites.siziano;
  if (site.backups.kind !== "ssh") throw new Error("the example's backups go to an SSH server");
  site.backups = { ...site.backups, hostKey: keys.server.publicKey.split(" ").slice(0, 2).join(" ") };
  const plan = planRegion(sites, "siziano");
  const host = plan.hosts.find(({ name }) => name === "capi")!;
  const secrets = { ...exampleSecrets, backups: { password: `a "b' $c`, sshKey: keys.client.privateKey } };
  const own = hostContent(site, plan, host, secrets).files.filter(
    ({ path }) => /\/(site|backups)\//.test(path) || [kubeadmPath, encryptionPath].includes(path),
  );
  const executable = (path: string, content: string): RootFile => ({ path, content, mode: "0755" });
  const sshd = ["PidFile none", "HostKey /etc/ssh/server", "AuthorizedKeysFile /etc/ssh/keys", "StrictModes no"];
  const { user, address: target, path: folder } = site.backups;
  return {
    address: host.address,
    target,
    files: [
      ...own.filter(({ path }) => path !== startScript),
      executable(startScript, startEtcd),
      executable("/usr/local/bin/ctr", standInForContainerd),
      executable("/usr/local/bin/kubectl", standInForKubectl),
      executable("/usr/local/bin/systemctl", "#!/bin/sh\n"),
      { path: "/etc/kubernetes/manifests/etcd.yaml", content: "    image: registry/etcd:1\n" },
      { path: "/etc/ssh/server", content: keys.server.privateKey, mode: "0600" },
      { path: "/etc/ssh/keys", content: `restrict ${keys.client.publicKey}\n` },
      {
        path: "/etc/ssh/backup-server",
        content: `${sshd.join("\n")}\nForceCommand internal-sftp\nSubsystem sftp internal-sftp\n`,
      },
      {
        path: "/root/setup",
        content: `set -eu
useradd --create-home --password '*' ${user}
install -d -o ${user} ${folder}
mkdir -p /run/sshd ${etcdFolder}
/usr/sbin/sshd -f /etc/ssh/backup-server
kubeadm init phase certs all --config ${kubeadmPath} >/dev/null
mkdir -p /etc/kubernetes/pki
cp -a ${certificatesFolder}/etcd /etc/kubernetes/pki/
${startScript}
`,
      },
    ],
  };
}

/** etcd as kubeadm's static pod runs it; the manifest says whether it should. */
const startEtcd = `#!/bin/sh
set -eu
cd ${certificatesFolder}/etcd
address=$(sed -n 's/^  *advertiseAddress: //p' ${kubeadmPath})
mkdir -p /etc/kubernetes/manifests
echo '    image: registry/etcd:1' >/etc/kubernetes/manifests/etcd.yaml
setsid /opt/etcd/usr/local/bin/etcd --name capi --data-dir "\${1:-${etcdFolder}}" \\
  --listen-client-urls https://127.0.0.1:2379 --advertise-client-urls https://127.0.0.1:2379 \\
  --listen-peer-urls "https://$address:2380" --initial-advertise-peer-urls "https://$address:2380" \\
  --initial-cluster "capi=https://$address:2380" --client-cert-auth --trusted-ca-file ca.crt --cert-file server.crt \\
  --key-file server.key --peer-client-cert-auth --peer-trusted-ca-file ca.crt --peer-cert-file peer.crt \\
  --peer-key-file peer.key >/var/log/etcd.log 2>&1 </dev/null 9>&- &
etcd=$!
setsid sh -c "while [ -e /etc/kubernetes/manifests/etcd.yaml ]; do sleep 0.2; done; kill $etcd" >/dev/null 2>&1 </dev/null 9>&- &
until /root/data endpoint health >/dev/null 2>&1; do sleep 0.2; done
`;

const standInForContainerd = `#!/bin/sh
case "$*" in
*"images mount"*) for target; do :; done; mount --rbind /opt/etcd "$target" ;;
*"images unmount"*) for target; do :; done; umount --recursive "$target" ;;
esac
`;

const standInForKubectl = `#!/bin/sh
echo "$*" >>/var/log/kubectl
case "$*" in
*"get --ignore-not-found customresourcedefinition"*) echo customresourcedefinition ;;
*"get clusters."*) echo "workloads workloads" ;;
*"get secret workloads-etcd"*tls.crt*) cat ${certificatesFolder}/etcd/ca.crt ;;
*"get secret workloads-etcd"*tls.key*) cat ${certificatesFolder}/etcd/ca.key ;;
*"get secret workloads-encryption"*) cat ${encryptionPath} ;;
*"get pods"*) echo pod/etcd-one ;;
*port-forward*) echo "Forwarding from 127.0.0.1:2379 -> 2379"; exec sleep 60 ;;
esac
`;

const data = `#!/bin/sh
cd /etc/kubernetes/pki/etcd
exec /opt/etcd/usr/local/bin/etcdctl --endpoints https://127.0.0.1:2379 --cacert ca.crt --cert healthcheck-client.crt \\
  --key healthcheck-client.key "$@"
`;

let vlan: Switch;
let machine: RootMachine;

const sh = (script: string, input?: string) => machine.exec(["sh", "-euc", script], input, 120_000);
const put = (key: string, value: string) => machine.exec(["/root/data", "put", key, value]);
const get = async (key: string) => (await machine.exec(["/root/data", "get", key, "--print-value-only"])).trim();
const snapshots = async () => parseSnapshots(await machine.exec([resticCommand, "--no-lock", "snapshots", "--json"]));

beforeAll(async () => {
  vlan = await Switch.create(`b${process.pid.toString(36)}`);
  const content = files();
  const namespace = await vlan.attach("capi", [`${content.address}/24`, `${content.target}/32`, `${memberAddress}/32`]);
  machine = await RootMachine.start(
    namespace,
    [...content.files, { path: "/root/data", content: data, mode: "0755" }],
    {
      root: await nodeReaderRoot(),
      mounts: {
        "/opt/etcd/usr/local/bin/etcd": await labProgram("etcd"),
        "/opt/etcd/usr/local/bin/etcdctl": await labProgram("etcdctl"),
        "/opt/etcd/usr/local/bin/etcdutl": await labProgram("etcdutl"),
      },
    },
  );
  await sh("sh /root/setup");
  await put("/registry/secrets/default/one", "canary-in-etcd");
  await put(clusterKey, JSON.stringify({ kind: "Cluster", metadata: { name: "workloads" }, spec: { replicas: 1 } }));
}, 900_000);

afterAll(async () => {
  await machine?.stop();
  await vlan?.remove();
});

test("a backup is on the server, encrypted, and reported", async () => {
  await sh(`${withEtcd} ${backupScript}`);
  expect((await snapshots()).map(({ cluster }) => cluster).sort()).toEqual(["capi", "workloads"]);
  expect(await sh("grep -rlaE 'canary-in-etcd|PRIVATE KEY|kube' /siziano || true")).toBe("");
  const asked = await sh("cat /var/log/kubectl");
  for (const key of ["snapshot.capi", "snapshot.workloads", "check"]) expect(asked).toContain(`"${key}":"20`);
  expect(await sh(`ls -d ${backupFolder} /run/etcd.* /run/snapshot.* 2>/dev/null || true`)).toBe("");
});

test("it holds what etcd's content is worth nothing without", async () => {
  const listed = (await machine.exec([resticCommand, "--no-lock", "ls", "latest", "--host", "capi"])).split("\n");
  for (const path of [
    "etcd.db",
    "encryption.yaml",
    "pki/ca.key",
    "pki/sa.key",
    "pki/etcd/ca.key",
    "pki/front-proxy-ca.key",
  ]) {
    expect(listed).toContain(`${backupFolder}/capi/${path}`);
  }
});

test("a second one takes little room, and what is too old goes", async () => {
  await sh(`for _ in 1 2; do ${withEtcd} ${backupScript}; done`);
  expect(await snapshots()).toHaveLength(6);
  await sh(`${resticCommand} --quiet forget --host capi --group-by host --keep-last 1`);
  expect((await snapshots()).filter(({ cluster }) => cluster === "capi")).toHaveLength(1);
});

test("a server with another host key gets nothing", async () => {
  const known = "/etc/backups/known_hosts";
  await sh(
    `cp -a ${known} /root/known; sed -i 's/AAAA[^ ]*/${keys.client.publicKey.split(" ")[1]?.replaceAll("/", "\\/")}/' ${known}`,
  );
  await expect(machine.exec([resticCommand, "cat", "config"])).rejects.toThrow(/Host key verification failed|HOST/);
  await sh(`cp -a /root/known ${known}`);
});

test("one cluster that gives no snapshot fails the run, and keeps no other from its backup", async () => {
  const before = (await snapshots()).length;
  await sh(
    "mv /usr/local/bin/kubectl /root/kubectl; sed 's/^\\*\"get pods.*$//' /root/kubectl >/usr/local/bin/kubectl; chmod 755 /usr/local/bin/kubectl",
  );
  await expect(sh(`${withEtcd} ${backupScript}`)).rejects.toThrow("no backup of: workloads");
  await sh("mv /root/kubectl /usr/local/bin/kubectl");
  const after = await snapshots();
  expect(after).toHaveLength(before + 1);
  expect(after.at(-1)?.cluster).toBe("capi");
});

test("a snapshot of another encryption key is refused before anything is changed", async () => {
  await put("/registry/later", "kept");
  await sh(`cp -a ${encryptionPath} /root/encryption; echo '# another' >>${encryptionPath}`);
  await expect(sh(`${restoreManagementScript} latest`)).rejects.toThrow("encrypted with another key");
  await sh(`cp -a /root/encryption ${encryptionPath}`);
  expect(await get("/registry/later")).toBe("kept");
});

test("a restored management plane has the state of the snapshot, and its clusters are paused", async () => {
  await put("/registry/secrets/default/one", "changed");
  const said = await sh(`${restoreManagementScript} latest`);
  expect(said).toContain("paused workloads");
  expect(await get("/registry/secrets/default/one")).toBe("canary-in-etcd");
  expect(await get("/registry/later")).toBe("");
  expect(JSON.parse(await get(clusterKey))).toEqual({
    kind: "Cluster",
    metadata: { name: "workloads" },
    spec: { replicas: 1, paused: true },
  });
  const status = await machine.exec(["/root/data", "endpoint", "status", "--write-out", "json"]);
  const [{ Status }] = JSON.parse(status) as [{ Status: { header: { revision: number } } }];
  expect(Status.header.revision).toBeGreaterThan(1_000_000_000);
});

test("a cluster's snapshot goes out sealed, and becomes a member's data on a node that holds the CA's key alone", async () => {
  await sh(`${sealSnapshotScript} workloads workloads latest >/root/sealed`);
  expect(await sh("grep -ca canary-in-etcd /root/sealed || true")).toBe("0\n");
  const member = { name: "node-one", address: memberAddress };
  const prepare = prepareMember(member, [member], "restored");
  await sh(
    "mv /etc/kubernetes/pki/etcd/ca.key /root/ca.key; openssl genrsa -out /etc/kubernetes/pki/etcd/ca.key 2>/dev/null",
  );
  await expect(sh(`${prepare} </root/sealed`)).rejects.toThrow();
  await sh("mv /root/ca.key /etc/kubernetes/pki/etcd/ca.key");
  await sh(`${prepare} </root/sealed`);
  await sh("mkdir -p /var/lib/etcd/member/old");
  await sh(changeMember);
  expect(await sh("ls -d /var/lib/etcd/member/snap /var/lib/etcd-before-restore/member/old")).toContain("snap");
  expect(await sh("grep -ca canary-in-etcd /var/lib/etcd/member/snap/db")).not.toBe("0\n");
});
