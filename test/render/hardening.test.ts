/** The hardening as the programs read it that it is for: kubeadm, kubelet, kube-apiserver and etcd. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { kubeadmPath } from "../../render/capi/kubeadm";
import { auditPolicyFile } from "../../render/hardening/audit-policy";
import { kubeletFields } from "../../render/hardening/kubeadm";
import { apiServer, controllerManager, etcd, kubelet, scheduler, type Setting } from "../../render/hardening/settings";
import { nodeReader, type RootFile } from "../real-reader";
import { exampleCluster } from "../support/example-cluster";
import { exampleHost } from "../support/example-host";
import { waivers } from "../support/kube-bench";
import { startKubeApi } from "../support/kube-api";

// The real programs run on a machine that may be busy; the first of them builds the node template.
jest.setTimeout(900_000);

interface KubeadmConfigSpec {
  readonly clusterConfiguration: Readonly<Record<string, unknown>>;
  readonly initConfiguration: Readonly<Record<string, unknown>>;
  readonly postKubeadmCommands: readonly string[];
  readonly files: readonly { path: string; content?: string; permissions: string; owner: string }[];
}

const { cluster, objects } = exampleCluster();
const { kubeadmConfigSpec: spec } = objects.controlPlane.spec as { kubeadmConfigSpec: KubeadmConfigSpec };

/** What Cluster API writes on a cluster's first node, for kubeadm. */
function clusterNode(): RootFile[] {
  const api = "kubeadm.k8s.io/v1beta4";
  const documents = [
    // The reader has no address of its own that kubeadm could find.
    {
      apiVersion: api,
      kind: "InitConfiguration",
      localAPIEndpoint: { advertiseAddress: "192.0.2.1" },
      ...spec.initConfiguration,
    },
    {
      apiVersion: api,
      kind: "ClusterConfiguration",
      kubernetesVersion: cluster.kubernetesVersion,
      controlPlaneEndpoint: `${cluster.apiVip}:6443`,
      networking: { podSubnet: cluster.pods, serviceSubnet: cluster.services },
      ...spec.clusterConfiguration,
    },
  ];
  const text = documents.map((document) => stringify(document)).join("---\n");
  const files = spec.files.flatMap(({ path, content, permissions, owner }) =>
    content === undefined ? [] : [{ path, content, mode: permissions, owner }],
  );
  return [...files, { path: kubeadmPath, content: text.replaceAll("{{ ds.meta_data.hostname }}", "node-1") }];
}

/** Makes what kubeadm makes at `init`, but starts nothing, and prints it. */
const init = [
  `phase() { kubeadm init phase "$@" --config ${kubeadmPath} >/dev/null; }`,
  "phase kubelet-start 2>/dev/null; phase control-plane all && phase etcd local || exit 1",
  "cat /var/lib/kubelet/config.yaml",
  "for name in kube-apiserver kube-controller-manager kube-scheduler etcd; do",
  '  echo "---"; cat "/etc/kubernetes/manifests/$name.yaml"',
  "done",
].join("\n");

interface Pod {
  readonly spec: { readonly containers: readonly { readonly command: readonly string[] }[] };
}

const given: readonly (readonly [string, readonly RootFile[]])[] = [
  ["a cluster's node", clusterNode()],
  ["capi", exampleHost("capi").content.files],
];

describe.each(given)("kubeadm makes of %s", (_where, files) => {
  let made: { kubelet: Record<string, unknown>; commands: (readonly string[])[] };
  beforeAll(async () => {
    const { code, stdout, stderr } = await nodeReader(files, ["sh", "-c", init]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const [config, ...pods] = stdout.split("---\n").map((text) => parse(text) as unknown);
    made = {
      kubelet: config as Record<string, unknown>,
      commands: (pods as Pod[]).map(({ spec: { containers } }) => containers[0].command),
    };
  });

  const programs: readonly (readonly [string, readonly Setting[]])[] = [
    ["kube-apiserver", apiServer],
    ["kube-controller-manager", controllerManager],
    ["kube-scheduler", scheduler],
    ["etcd", etcd],
  ];
  test.each(programs)("%s with every setting, once", (program, settings) => {
    const flags = made.commands.find(([name]) => name === program) ?? [];
    for (const { name, value } of settings)
      expect(flags.filter((flag) => flag.startsWith(`--${name}=`))).toEqual([`--${name}=${value}`]);
  });

  test("a kubelet with every setting", () => {
    expect(made.kubelet).toMatchObject(kubeletFields());
    // What kubeadm put there itself is still there.
    expect(made.kubelet).toMatchObject({ authentication: { x509: { clientCAFile: expect.any(String) as string } } });
  });

  test("files that only root reads", async () => {
    const close = spec.postKubeadmCommands.find((command) => command.includes("tmpfiles"));
    const paths = ["/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf", "/var/lib/kubelet/config.yaml"];
    const script = `phase() { :; }; kubeadm init phase kubelet-start --config ${kubeadmPath} >/dev/null 2>&1; ${close}; stat -c '%a %U:%G' ${paths.join(" ")}`;
    const { stdout, stderr } = await nodeReader(files, ["sh", "-c", script]);
    expect({ stdout, stderr }).toEqual({ stdout: "600 root:root\n600 root:root\n", stderr: "" });
  });
});

describe("kubelet", () => {
  /** It judges its configuration first; then it fails, since it is given no API server. */
  const says = async (fields: Record<string, unknown>) => {
    const config = { apiVersion: "kubelet.config.k8s.io/v1beta1", kind: "KubeletConfiguration", ...fields };
    const files = [
      { path: "/kubelet.yaml", content: stringify({ ...config, failSwapOn: false, failCgroupV1: false }) },
    ];
    const { stdout, stderr } = await nodeReader(files, ["timeout", "30", "kubelet", "--config=/kubelet.yaml"]);
    return stdout + stderr;
  };

  test("takes its settings, up to where it needs an API server", async () => {
    const said = await says(kubeletFields());
    expect(said).not.toContain("failed to load kubelet config");
    expect(said).not.toContain("failed to validate kubelet configuration");
    expect(said).toContain("no client provided, cannot use webhook authentication");
  });

  test.each([
    ["a number that is none", { eventRecordQPS: -1 }, "failed to validate kubelet configuration"],
    ["a cipher that it does not know", { tlsCipherSuites: ["TLS_NULL"] }, "TLS_NULL"],
    ["a field that it does not know", { seccompDefaults: true }, "seccompDefaults"],
  ])("refuses %s", async (_what, broken, reason) => {
    expect(await says({ ...kubeletFields(), ...broken })).toContain(reason);
  });
});

describe("kube-apiserver's audit log", () => {
  const settings = apiServer.filter(({ name }) => !name.startsWith("audit-"));
  const names = ["audit-policy-file", "audit-log-path"];
  const rotation = apiServer.filter(({ name }) => name.startsWith("audit-") && !names.includes(name));
  const password = "canary-of-the-audit-log";

  test("tells who did what, with no Secret's value, and with the whole of each right given", async () => {
    const api = await startKubeApi({
      files: { "policy.yaml": auditPolicyFile().content },
      flags: [
        ...[...settings, ...rotation].map(({ name, value }) => `--${name}=${value}`),
        "--audit-policy-file=$FOLDER/policy.yaml",
        "--audit-log-path=$FOLDER/audit.log",
      ],
    });
    try {
      const metadata = { name: "audited", namespace: "default" };
      const secret = { apiVersion: "v1", kind: "Secret", metadata, stringData: { password } };
      const role = {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "audited" },
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
      };
      for (const object of [secret, role]) expect(await api.apply(object)).toMatchObject({ status: 201 });
      expect(await api.get(secret)).toMatchObject({ status: 200 });
      const log = readFileSync(join(api.kubeconfigFile, "../audit.log"), "utf8");
      expect(log).not.toContain(password);
      expect(log).not.toContain(Buffer.from(password).toString("base64"));
      const entries = log
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as AuditEntry);
      const ours = entries.filter(({ objectRef, user }) => objectRef?.name === "audited" && user.username === "admin");
      expect(ours.map(({ verb, level, objectRef }) => `${level} ${verb} ${objectRef?.resource}`)).toEqual([
        "Metadata patch secrets",
        "Request patch clusterroles",
        "Metadata get secrets",
      ]);
      expect(ours[1].requestObject).toMatchObject({ rules: role.rules });
      // What the programs ask of themselves is not in it.
      expect(entries.filter(({ verb, user }) => verb === "watch" && user.username === "system:apiserver")).toEqual([]);
    } finally {
      await api.stop();
    }
  });
});

interface AuditEntry {
  readonly level: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: { readonly resource: string; readonly name?: string };
  readonly requestObject?: unknown;
}

test("docs/hardening.md lists every setting with its checks, and every waiver", () => {
  const rows = readFileSync("docs/hardening.md", "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) => line.split("|").map((cell) => cell.trim()));
  const argued = rows.filter(([, check, wants, why]) => /^\d+\.\d+\.\d+$/.test(check) && wants !== "" && why !== "");
  for (const { check } of waivers) expect(argued.map(([, own]) => own)).toContain(check);
  const listed = (program: string, name: string) =>
    rows.filter(([, first, second]) => first === program && second === `\`${name}\``);
  const all = {
    "kube-apiserver": apiServer,
    "kube-controller-manager": controllerManager,
    "kube-scheduler": scheduler,
    etcd,
    kubelet,
  };
  for (const [program, settings] of Object.entries<readonly Setting<unknown>[]>(all))
    for (const { name, cis = [] } of settings)
      expect({ name, cis: listed(program, name).map(([, , , numbers]) => numbers) }).toEqual({
        name,
        cis: [cis.join(", ")],
      });
});
