/** The running control planes and kubelets against the CIS benchmark, and what the hardening does where nothing checks it. */
import { rmSync } from "node:fs";
import { kubectl } from "../../../lab/kubectl";
import { run } from "../../../lab/run";
import { managementFolder } from "../../../render/capi/data-disk";
import { kubeletFields } from "../../../render/hardening/kubeadm";
import { auditLogFolder } from "../../../render/hardening/settings";
import { answersOf } from "../../support/answers";
import { atNode, deployed, isControlPlane, nodesOf } from "../../support/cluster-nodes";
import { judge, kubeBench, verdicts, type Verdict, waivers } from "../../support/kube-bench";
import { host, lab, onConsole, progress } from "../../support/lab";

interface Subject {
  readonly name: string;
  readonly vmName: string;
  readonly targets: "master,etcd,node" | "node";
  readonly pki: string;
  readonly kubeProxy: boolean;
}

async function subjects(): Promise<Subject[]> {
  const nodes = (await Promise.all(deployed().map(nodesOf))).flat();
  const capi = host("capi");
  return [
    {
      name: "capi",
      vmName: capi.vmName,
      targets: "master,etcd,node",
      pki: `${managementFolder}/pki`,
      kubeProxy: true,
    },
    ...nodes.map((node) => ({
      name: node.metadata.name,
      vmName: node.metadata.name,
      targets: isControlPlane(node) ? ("master,etcd,node" as const) : ("node" as const),
      pki: "/etc/kubernetes/pki",
      kubeProxy: false,
    })),
  ];
}

/** Its verdicts, scored checks only. The program is brought to the node's console and leaves nothing there. */
async function judged({ vmName, targets, pki }: Subject): Promise<Verdict[]> {
  const [folder, there] = [await kubeBench(pki), "/run/kube-bench"];
  try {
    const bring = 'tar -C "$1" -c . | { shift; "$@"; }';
    const unpack = onConsole(vmName, ["sh", "-c", `mkdir -p ${there} && tar -C ${there} -x`]);
    await run(["sh", "-c", bring, "sh", folder, ...unpack], { timeout: 60_000 });
    const script = `trap 'rm -rf ${there}' EXIT; cd ${there}; ${judge(there, targets)}`;
    return verdicts(await atNode(vmName, script)).filter(({ scored }) => scored);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** One line a node: how many checks pass, and which do not. */
const row = (name: string, all: readonly Verdict[]): string => {
  const failed = all.filter(({ status }) => status !== "PASS").map(({ test_number }) => test_number);
  return `CIS 1.12  ${name.padEnd(40)} ${all.length - failed.length} of ${all.length} pass, waived: ${failed.join(" ") || "none"}`;
};

const etcdFolder = "/etc/kubernetes/pki/etcd";
/** TLS servers of a control plane node by their port, and what they want to see before they shake hands; a worker has the first. */
const servers = {
  kubelet: "10250",
  apiServer: "6443",
  etcd: `2379 -cert ${etcdFolder}/server.crt -key ${etcdFolder}/server.key`,
};

/** Asked on the node itself: openssl's exit code, 0 for a handshake that was done. */
const shakesHands = (server: string, options: string): string =>
  `openssl s_client -connect 127.0.0.1:${server} -tls1_2 ${options} </dev/null >/dev/null 2>&1; echo $?`;

/** What Go's own defaults would still allow: encryption that is not authenticated. */
const weak = "-cipher ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0";

export function cis(): void {
  describe("every node", () => {
    test("passes each scored check of the CIS benchmark, but for what docs/hardening.md argues", async () => {
      const all = await subjects();
      const found = await Promise.all(all.map(judged));
      const outcome = all.map(({ name, targets, kubeProxy }, index) => {
        progress.say(row(name, found[index]));
        const failed = found[index].filter(({ status }) => status !== "PASS").map(({ test_number }) => test_number);
        const expected = waivers
          .filter(({ target }) => targets.includes(target))
          .filter(({ withoutKubeProxy }) => withoutKubeProxy !== true || !kubeProxy);
        // A waiver that is not needed any more is a fault, too.
        return { name, failed, expected: expected.map(({ check }) => check) };
      });
      expect(outcome.map(({ name, failed }) => ({ name, failed }))).toEqual(
        outcome.map(({ name, expected }) => ({ name, failed: expected })),
      );
      for (const [index, { targets }] of all.entries())
        expect(found[index].length).toBeGreaterThan(targets === "node" ? 10 : 60);
    }, 600_000);

    test("runs a kubelet with the settings that were rendered", async () => {
      for (const cluster of deployed())
        for (const { metadata } of await nodesOf(cluster)) {
          const { stdout } = await kubectl(lab(), cluster.name, [
            "get",
            "--raw",
            `/api/v1/nodes/${metadata.name}/proxy/configz`,
          ]);
          expect((JSON.parse(stdout) as { kubeletconfig: unknown }).kubeletconfig).toMatchObject(kubeletFields());
        }
    });

    test("shakes hands by TLS 1.2 with authenticated encryption at the least, and answers nobody unknown", async () => {
      const nodes = (await Promise.all(deployed().map(nodesOf))).flat();
      const answers = await Promise.all(
        nodes.map((node) => {
          const own = isControlPlane(node) ? Object.values(servers) : [servers.kubelet];
          const questions = {
            strong: own.map((server) => shakesHands(server, "")).join("\n"),
            weak: own.map((server) => shakesHands(server, weak)).join("\n"),
            anonymous:
              "curl --silent --insecure --output /dev/null --write-out '%{http_code}' https://127.0.0.1:10250/pods",
            readOnlyPort: "curl --silent --output /dev/null http://127.0.0.1:10255/pods; echo $?",
          };
          return answersOf((script) => atNode(node.metadata.name, script), questions);
        }),
      );
      const lines = (count: number, line: string) => Array.from({ length: count }, () => line).join("\n");
      expect(answers).toEqual(
        nodes.map((node) => {
          const count = isControlPlane(node) ? Object.keys(servers).length : 1;
          return { strong: lines(count, "0"), weak: lines(count, "1"), anonymous: "401", readOnlyPort: "7" };
        }),
      );
    });
  });

  describe("the audit log of a control plane node", () => {
    test("tells who read and deleted a Secret, and not its value", async () => {
      const [cluster] = deployed();
      const value = `canary-${Date.now()}`;
      const inside = (...args: string[]) => kubectl(lab(), cluster.name, ["--namespace=default", ...args]);
      await inside("create", "secret", "generic", "audited", `--from-literal=value=${value}`);
      await inside("get", "secret", "audited");
      await inside("delete", "secret", "audited");
      const node = (await nodesOf(cluster)).find(isControlPlane)!;
      const said = await atNode(
        node.metadata.name,
        `stat -c '%a' ${auditLogFolder}/audit.log
grep -c -e ${value} -e ${Buffer.from(value).toString("base64").slice(0, 16)} ${auditLogFolder}/*.log || true
grep -h '"secrets","namespace":"default","name":"audited"' ${auditLogFolder}/*.log | jq -r '"\\(.level) \\(.verb) \\(.user.groups | contains(["system:authenticated"]))"' | sort -u`,
      );
      const [mode, values, ...entries] = said.trim().split("\n");
      expect({ mode, values }).toEqual({ mode: "600", values: "0" });
      expect(entries).toEqual(expect.arrayContaining(["Metadata delete true", "Metadata get true"]));
    });
  });
}
