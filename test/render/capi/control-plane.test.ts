import { parseAllDocuments } from "yaml";
import { planRegion } from "../../../plan/plan";
import { hostContent } from "../../../render/host";
import { kubeadmPath } from "../../../render/capi/kubeadm";
import { nodeReader } from "../../real-reader";
import { exampleHost, exampleSecrets } from "../../support/example-host";
import { exampleSites } from "../../support/example-sites";

// The real programs run on a machine that may be busy; the first of them builds the node template.
jest.setTimeout(900_000);

const { plan, host, content } = exampleHost("capi");
const fileOf = (path: string) => content.files.find((file) => file.path === path)!;
const validate = ["kubeadm", "config", "validate", "--config", kubeadmPath];

test("kubeadm takes its configuration, without a warning", async () => {
  const { code, stdout, stderr } = await nodeReader([fileOf(kubeadmPath)], validate);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "ok\n", stderr: "" });
});

test("kubeadm refuses a key that it does not know", async () => {
  const file = fileOf(kubeadmPath);
  const broken = { ...file, content: file.content.replace("certificatesDir:", "certificateFolder:") };
  const { code, stderr } = await nodeReader([broken], validate);
  expect(code).not.toBe(0);
  expect(stderr).toContain('unknown field "certificateFolder"');
});

test("every check of the first boot passes on the node template", async () => {
  const own = content.checks.filter(([program]) => program === "kubeadm" || program === "sh");
  expect(own.length).toBeGreaterThanOrEqual(4);
  for (const check of own) {
    const { code, stdout, stderr } = await nodeReader(content.files, check);
    expect({ check, code, said: stdout + stderr }).toMatchObject({ check, code: 0 });
  }
});

test("a node template without a CNI plugin fails the first boot, by its name", async () => {
  const check = content.checks.find(([program, flag]) => program === "sh" && flag === "-c")!;
  const { code, stdout } = await nodeReader([], ["sh", "-c", 'rm /opt/cni/bin/ptp; "$@"', "sh", ...check]);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "the node template lacks /opt/cni/bin/ptp\n" });
});

test("etcd and the CAs lie on the data disk, and the addresses are the plan's", () => {
  const documents = parseAllDocuments(fileOf(kubeadmPath).content).map((document) => document.toJS() as never);
  expect(documents).toContainEqual(
    expect.objectContaining({
      kind: "ClusterConfiguration",
      certificatesDir: "/var/lib/management/pki",
      etcd: { local: expect.objectContaining({ dataDir: "/var/lib/management/etcd" }) as unknown },
      controlPlaneEndpoint: `${host.address}:6443`,
      networking: { podSubnet: "10.42.0.0/24", serviceSubnet: "10.43.0.0/16" },
      kubernetesVersion: "v1.34.2",
    }),
  );
});

test("a management plane elsewhere leaves the machine with its disk only", () => {
  const sites = exampleSites();
  sites.siziano.managementPlane = { kind: "external" };
  const external = planRegion(sites, "siziano");
  const { files, services } = hostContent(sites.siziano, external, host, exampleSecrets);
  expect(files.filter(({ path }) => path.startsWith("/etc/kubernetes"))).toEqual([]);
  expect(services).not.toContain("control-plane.service");
  expect(services).toContain("data-disk.service");
});

test("without its key the control plane is not rendered", () => {
  const others = { ...exampleSecrets, encryptionKey: undefined };
  expect(() => hostContent(exampleSites().siziano, plan, host, others)).toThrow("encryptionKeys.capi is missing");
});

/** Programs that write down what they are asked for, in the place of kubeadm and kubectl. */
const recorders = ["kubeadm", "kubectl"].map((name) => ({
  path: `/usr/local/bin/${name}`,
  mode: "0755",
  content: `#!/bin/sh\necho ${name} "$@" >>/asked\n[ "$1" != init ] || touch /etc/kubernetes/kubelet.conf\n`,
}));

const start = "/usr/local/lib/site/start-control-plane";
const disk = "/var/lib/management/pki";

test("a new VM keeps the CAs and the signing key of the disk, and makes everything else anew", async () => {
  const kept = ["ca.crt", "ca.key", "etcd/ca.crt", "etcd/ca.key", "front-proxy-ca.key", "sa.key", "sa.pub"];
  const made = ["apiserver.crt", "apiserver.key", "etcd/server.crt", "front-proxy-client.crt"];
  const files = [...kept, ...made].map((name) => ({ path: `${disk}/${name}`, content: "old\n" }));
  const script = `${start} && find ${disk} -type f -printf '%P\\n' | sort; cat /asked`;
  const { code, stdout, stderr } = await nodeReader([...content.files, ...recorders, ...files], ["sh", "-c", script]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  const lines = stdout.trim().split("\n");
  expect(lines.slice(0, kept.length)).toEqual([...kept].sort());
  expect(lines.slice(kept.length)[0]).toBe(`kubeadm init --config ${kubeadmPath}`);
});

test("a reboot makes nothing anew, and brings back what an interrupted renewal had stopped", async () => {
  const files = [
    { path: "/etc/kubernetes/kubelet.conf", content: "" },
    { path: "/etc/kubernetes/manifests/etcd.yaml", content: "" },
    { path: "/etc/kubernetes/stopped-manifests/kube-apiserver.yaml", content: "" },
    { path: `${disk}/apiserver.crt`, content: "" },
  ];
  const script = `${start} && ls /etc/kubernetes/manifests ${disk}; cat /asked`;
  const { stdout } = await nodeReader([...content.files, ...recorders, ...files], ["sh", "-c", script]);
  expect(stdout).toContain("etcd.yaml\nkube-apiserver.yaml\n");
  expect(stdout).toContain("apiserver.crt");
  expect(stdout).not.toContain("kubeadm");
});

test("certificates that live long are not renewed; those that do not are, and the control plane comes back", async () => {
  const renew = (days: number) => `
mkdir -p ${disk}; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days ${days} -subj /CN=api \
  -keyout /dev/null -out ${disk}/apiserver.crt 2>/dev/null
touch /etc/kubernetes/kubelet.conf
/usr/local/lib/site/renew-certificates >/dev/null || exit 1
ls /etc/kubernetes/manifests; cat /asked 2>/dev/null; true`;
  const files = [...content.files, ...recorders, { path: "/etc/kubernetes/manifests/etcd.yaml", content: "" }];
  expect((await nodeReader(files, ["sh", "-c", renew(130)])).stdout).toBe("etcd.yaml\n");
  const { stdout } = await nodeReader(files, ["sh", "-c", renew(110)]);
  expect(stdout.split("\n").slice(0, 3)).toEqual([
    "etcd.yaml",
    `kubeadm certs renew all --config ${kubeadmPath}`,
    "kubectl get --raw /readyz",
  ]);
});
