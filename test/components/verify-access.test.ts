import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { VerifyAccess } from "../../components/verify-access";
import { backupReport } from "../../render/capi/backup";
import { verifyRules } from "../../render/verify-access";
import { project } from "../support/site-stack";
import { installStrictMocks } from "../support/strict-mocks";

const admin = `
clusters: [{name: siziano, cluster: {server: "https://172.20.10.41:6443", certificate-authority-data: Y2E=, proxy-url: "socks5://p"}}]
users: [{name: admin, user: {client-key-data: CANARY-administrator-key}}]
`;

async function deploy(token: string) {
  const recording = await installStrictMocks(project, "siziano", {
    functions: {},
    resources: [
      "pulumi:providers:kubernetes",
      "kubernetes:core/v1:ServiceAccount",
      "kubernetes:core/v1:Secret",
      "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole",
      "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding",
    ],
    outputs: {
      "siziano-verify-token": { data: { token: Buffer.from(token).toString("base64") } },
    },
  });
  class Cluster extends pulumi.ComponentResource {
    readonly access: VerifyAccess;
    constructor() {
      super("test:Cluster", "siziano");
      const provider = new k8s.Provider("siziano-provider", { kubeconfig: admin }, { parent: this });
      const args = { scope: "cluster", adminKubeconfig: pulumi.secret(admin) } as const;
      this.access = new VerifyAccess("siziano-verify", args, { parent: this, providers: [provider] });
    }
  }
  const { kubeconfig } = new Cluster().access;
  const secret = await pulumi.isSecret(kubeconfig);
  const text = await new Promise<string>((resolve) => void kubeconfig.apply(resolve));
  await pulumi.runtime.disconnect();
  expect(recording.refused).toEqual([]);
  return { registered: recording.registered, secret, text };
}

test("the kubeconfig is a secret, has the token, and nothing of the administrator but server, CA and proxy", async () => {
  const { secret, text } = await deploy("the token");
  expect(secret).toBe(true);
  expect(text).not.toContain("CANARY");
  expect(parse(text)).toMatchObject({
    clusters: (parse(admin) as { clusters: unknown[] }).clusters,
    users: [{ name: "verify", user: { token: "the token" } }],
    "current-context": "verify",
  });
});

test("the account has a role of its own, under names that another run finds again", async () => {
  const { registered } = await deploy("t");
  const metadata = registered
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => (inputs.metadata as { name: string }).name);
  expect(new Set(metadata)).toEqual(new Set(["kubernetes-vsphere-verify"]));
});

test("no rule lets it write, execute or read a secret, and of all configuration only what capi says of its backups", () => {
  const backupsRule = verifyRules.managementPlane.find(({ resourceNames }) => resourceNames !== undefined);
  for (const rule of Object.values(verifyRules).flat()) {
    if (rule === backupsRule) continue;
    expect(rule.verbs).toEqual(["get", "list"]);
    for (const resource of rule.resources) expect(resource).not.toMatch(/secret|configmap|\/|\*/);
  }
  expect(backupsRule).toMatchObject({ resources: ["configmaps"], verbs: ["get"], resourceNames: [backupReport] });
});
