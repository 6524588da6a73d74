/** What people download: kubeconfigs as kubectl reads them, the page as a browser does, the delivery as a shell runs it. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { planRegion } from "../../plan/plan";
import type { RegionPlan } from "../../plan/model";
import { authorityOf, renderUserKubeconfig } from "../../render/login";
import { deliverKubeconfig, deliverLoginPage, loginPageFolder, renderLoginPage } from "../../render/login-page";
import { run } from "../../lab/run";
import { expectGolden } from "../golden";
import { runWithFiles } from "../support/root-process";
import { exampleSites } from "../support/example-sites";
import { labProgram } from "../support/lab-program";

jest.setTimeout(120_000);

const authority = "-----BEGIN CERTIFICATE-----\nZXhhbXBsZQ==\n-----END CERTIFICATE-----\n";

function planned(state: "planned" | "deployed" = "deployed"): RegionPlan {
  const sites = exampleSites();
  for (const cluster of Object.values(sites.siziano.clusters)) cluster.state = state;
  return planRegion(sites, "siziano");
}

const plan = planned();
const [cluster] = plan.clusters;

async function view(kubeconfig: string, ...args: string[]) {
  const file = join(mkdtempSync(join(tmpdir(), "kubeconfig-")), "config");
  writeFileSync(file, kubeconfig);
  const kubectl = await labProgram("kubectl");
  return run([kubectl, "config", ...args, "--kubeconfig", file], { accept: [0, 1] });
}

test("a kubeconfig and the page are those of their golden files", () => {
  expectGolden("login/management.yaml", renderUserKubeconfig(plan, cluster, authority));
  expectGolden("login/index.html", renderLoginPage(plan));
});

test("kubectl reads the kubeconfig: the cluster by its address and CA, a login by browser, and one by code", async () => {
  const { stdout } = await view(renderUserKubeconfig(plan, cluster, authority), "view", "--raw", "--output=json");
  const config = JSON.parse(stdout) as {
    "current-context": string;
    clusters: { cluster: Record<string, string> }[];
    contexts: { name: string; context: { user: string } }[];
    users: { name: string; user: { exec: { args: string[] } } }[];
  };
  expect(config["current-context"]).toBe(cluster.meshName);
  expect(config.clusters[0].cluster.server).toBe(`https://${cluster.apiVip}:6443`);
  expect(Buffer.from(config.clusters[0].cluster["certificate-authority-data"], "base64").toString()).toBe(authority);
  const argumentsOf = (context: string) => {
    const name = config.contexts.find((each) => each.name === context)?.context.user;
    return config.users.find((each) => each.name === name)?.user.exec.args ?? [];
  };
  expect(argumentsOf(cluster.meshName)).toContain("--grant-type=authcode");
  expect(argumentsOf(`${cluster.meshName}-device`)).toContain("--grant-type=device-code");
  for (const context of [cluster.meshName, `${cluster.meshName}-device`])
    expect(argumentsOf(context)).toEqual(
      expect.arrayContaining([
        `--oidc-issuer-url=${plan.login.issuer}`,
        `--oidc-client-id=${plan.login.clientId}`,
        "--oidc-extra-scope=groups",
        `--certificate-authority-data=${Buffer.from(plan.login.trustAnchor ?? "").toString("base64")}`,
      ]),
    );
});

test("kubectl refuses one whose exec plugin says nothing of a terminal", async () => {
  const broken = renderUserKubeconfig(plan, cluster, authority).replaceAll("interactiveMode: IfAvailable", "x: y");
  const file = join(mkdtempSync(join(tmpdir(), "kubeconfig-")), "config");
  writeFileSync(file, broken);
  const kubectl = await labProgram("kubectl");
  const { code, stderr } = await run([kubectl, "--kubeconfig", file, "get", "--raw", "/"], { accept: [0, 1] });
  expect({ code, stderr }).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("interactiveMode must be specified"),
  });
});

test("where auth's certificate is a public one, no CA is named", () => {
  const text = renderUserKubeconfig({ ...plan, login: { ...plan.login, trustAnchor: undefined } }, cluster, authority);
  expect(text).not.toContain("--certificate-authority-data");
});

test("only the CA leaves an administrator's kubeconfig, and one without a CA is refused", () => {
  const admin = renderUserKubeconfig(plan, cluster, authority).replace(
    "users:",
    "users:\n  - {name: a, user: {token: secret}}",
  );
  expect(authorityOf(admin)).toBe(authority);
  expect(() => authorityOf(admin.replace(/certificate-authority-data.*/, "insecure-skip-tls-verify: true"))).toThrow(
    "holds no certificate-authority-data",
  );
});

/** sudo looks up the machine's own name, which the root does not have. */
const hosts = { path: "/etc/hosts", content: `127.0.0.1 localhost ${hostname()}\n` };

/** Runs deliveries one after the other as auth would, and lists the folder. */
async function delivered(...deliveries: readonly { command: string; stdin: string }[]) {
  const files = deliveries.map(({ stdin }, index) => ({ path: `/stdin-${index}`, content: stdin }));
  // The root has no account `deploy` to be: its commands run as root, and sudo is asked all the same.
  const script = [
    "set -e",
    ...deliveries.map(({ command }, index) => `${command} </stdin-${index}`),
    `cd ${loginPageFolder}; stat --format='%n %a %U' $(ls -A); ls -A ${loginPageFolder}/..`,
  ].join("\n");
  return runWithFiles([hosts, ...files], ["bash", "-c", script]);
}

test("the shell delivers the page and the kubeconfigs, and a page without a cluster removes that cluster's", async () => {
  const kubeconfigs = plan.clusters.map((each) => deliverKubeconfig(each, `kubeconfig of ${each.name}\n`));
  const all = await delivered(deliverLoginPage(plan), ...kubeconfigs, ...kubeconfigs);
  expect(all).toMatchObject({ code: 0, stderr: "" });
  expect(all.stdout.split("\n")).toEqual([
    "index.html 644 root",
    "management.yaml 644 root",
    "workloads.yaml 644 root",
    "kubectl",
    "",
  ]);
  const none = await delivered(...kubeconfigs, deliverLoginPage(planned("planned")));
  expect(none.stdout.split("\n")).toEqual(["index.html 644 root", "kubectl", ""]);
});

test("a delivery that breaks off leaves what was there", async () => {
  const whole = deliverKubeconfig(cluster, "the whole file\n");
  const half = { ...deliverKubeconfig(cluster, "another file\n"), stdin: "anoth" };
  const { code, stdout } = await runWithFiles(
    [hosts, { path: "/whole", content: whole.stdin }, { path: "/half", content: half.stdin }],
    [
      "bash",
      "-c",
      `${whole.command} </whole; ${half.command} </half && exit 9; cat ${loginPageFolder}/*; ls -A ${loginPageFolder}/..`,
    ],
  );
  expect({ code, stdout }).toEqual({ code: 0, stdout: "the whole file\nkubectl\n" });
});
