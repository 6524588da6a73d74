/** What Kubernetes nodes are given, as the programs on a node read it: sh, sshd, visudo, chronyd, kubeadm. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { run } from "../../lab/run";
import { realReader, type RootFile } from "../real-reader";
import { exampleCluster } from "../support/example-cluster";
import { labProgram } from "../support/lab-program";

// The real programs run on a machine that may be busy; kubeadm is built at the first call ever.
jest.setTimeout(1_200_000);

interface KubeadmConfigSpec {
  readonly clusterConfiguration: Readonly<Record<string, unknown>>;
  readonly initConfiguration: Readonly<Record<string, unknown>>;
  readonly joinConfiguration: Readonly<Record<string, unknown>>;
  readonly preKubeadmCommands: readonly string[];
  readonly files: readonly { path: string; content?: string; permissions: string; owner: string }[];
}

const { cluster, objects } = exampleCluster();
const { kubeadmConfigSpec } = objects.controlPlane.spec as { kubeadmConfigSpec: KubeadmConfigSpec };

const files: RootFile[] = kubeadmConfigSpec.files.flatMap(({ path, content, permissions, owner }) =>
  content === undefined ? [] : [{ path, content, mode: permissions, owner }],
);
const onNode = (script: string) => realReader(files, ["sh", "-c", script]);

describe("kube-vip's credentials", () => {
  const credentials = "/usr/local/lib/site/kube-vip-credentials";
  const show = "sed -n 's/^ *path: //p' /etc/kubernetes/manifests/kube-vip.yaml; ls /etc/kubernetes/manifests";
  const first = "mkdir -p /run/kubeadm; touch /run/kubeadm/kubeadm.yaml";
  const admin = "/etc/kubernetes/admin.conf\nkube-vip.yaml\n";
  const superAdmin = "/etc/kubernetes/super-admin.conf\nkube-vip.yaml\n";

  test.each([
    ["are super-admin.conf while the first node is made", `${first}; ${credentials} before && ${show}`, superAdmin],
    ["are admin.conf afterwards", `${first}; ${credentials} before && ${credentials} after && ${show}`, admin],
    ["are admin.conf on nodes that join", `${credentials} before && ${show}; ${credentials} after`, admin],
  ])("%s", async (_what, script, stdout) => {
    expect(await onNode(script)).toEqual({ code: 0, stdout, stderr: "" });
  });

  test("stay private, whatever the umask", async () => {
    const { stdout } = await onNode(
      `umask 000; ${first}; ${credentials} before; stat -c '%a %U' /etc/kubernetes/manifests/kube-vip.yaml`,
    );
    expect(stdout).toBe("600 root\n");
  });

  test("an unknown moment is refused", async () => {
    expect(await onNode(`${first}; ${credentials} sometime`)).toMatchObject({ code: 64 });
  });
});

describe("a node's sshd", () => {
  const accounts = "mkdir -p /run/sshd; useradd alice; rm -f /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null";
  const settings = async () => {
    const script = `${accounts}; sshd -t && sshd -T -C user=alice,host=h,addr=172.20.10.10`;
    const { code, stdout, stderr } = await realReader(files, ["bash", "-c", script]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout.split("\n");
  };

  test("lets administrators in, from the jump host, with keys, and forwards nothing", async () => {
    const all = await settings();
    expect(all.filter((line) => line.startsWith("allowusers")).sort()).toEqual([
      "allowusers alice@172.20.10.10",
      "allowusers bob@172.20.10.10",
    ]);
    for (const line of ["passwordauthentication no", "permitrootlogin no", "allowtcpforwarding no"])
      expect(all).toContain(line);
  });
});

test("rights and clock are as visudo and chronyd read them", async () => {
  const script = "visudo --check --quiet && chronyd -p -f /etc/chrony/chrony.conf >/dev/null";
  expect(await onNode(script)).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("a node knows its own name without asking the directory", async () => {
  const command = kubeadmConfigSpec.preKubeadmCommands.find((each) => each.includes("/etc/hosts"));
  const script = `${command?.replace("{{ ds.meta_data.hostname }}", "node-1")}; getent hosts node-1; getent hosts localhost`;
  const { stdout } = await onNode(script);
  expect(stdout.split("\n").map((line) => line.trim().split(/ +/))).toEqual([
    ["127.0.1.1", "node-1"],
    ["127.0.0.1", "localhost"],
    [""],
  ]);
});

/** kubeadm's own files, as Cluster API writes them on the first node: the fields of KubeadmConfigSpec have kubeadm's names. */
const kubeadmFile = (change: Partial<KubeadmConfigSpec> = {}): string => {
  const { clusterConfiguration, initConfiguration } = { ...kubeadmConfigSpec, ...change };
  const apiVersion = "kubeadm.k8s.io/v1beta4";
  const networking = { podSubnet: cluster.pods, serviceSubnet: cluster.services, dnsDomain: "cluster.local" };
  const documents = [
    {
      apiVersion,
      kind: "ClusterConfiguration",
      kubernetesVersion: cluster.kubernetesVersion,
      controlPlaneEndpoint: `${cluster.apiVip}:6443`,
      networking,
      ...clusterConfiguration,
    },
    { apiVersion, kind: "InitConfiguration", ...initConfiguration },
  ];
  return documents
    .map((document) => stringify(document))
    .join("---\n")
    .replaceAll("{{ ds.meta_data.hostname }}", "node-1");
};

async function validate(text: string) {
  const kubeadm = await labProgram("kubeadm");
  const folder = await mkdtemp(join(tmpdir(), "kubeadm-"));
  try {
    const path = join(folder, "kubeadm.yaml");
    await writeFile(path, text);
    return await run([kubeadm, "config", "validate", "--config", path], { accept: [0, 1, 2, 3] });
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("kubeadm", () => {
  test("takes the cluster's configuration without a word", async () => {
    expect(await validate(kubeadmFile())).toEqual({ code: 0, stdout: "ok\n", stderr: "" });
  });

  test("refuses a field that it does not know", async () => {
    const { code, stdout, stderr } = await validate(
      kubeadmFile({ clusterConfiguration: { apiServer: { extraArguments: [] } } }),
    );
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain("extraArguments");
  });
});
