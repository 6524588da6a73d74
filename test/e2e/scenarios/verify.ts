import { rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { forwarderFolders } from "../../../lab/fixtures/active-directory/ssh";
import { namespaceName, repository } from "../../../lab/paths";
import { run, type RunResult, waitFor } from "../../../lab/run";
import { readOnlyUser, vcenterState } from "../../../lab/vcenter";
import { families, type Check, type Family } from "../../../verify/check";
import type { Report } from "../../../verify/report";
import { identity, lab, onHost } from "../../support/lab";

/** Runs the command as the operator in the office does; it may fail, as what it looks at may. */
function runVerify(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<RunResult> {
  const { operator, prepared, stack } = lab();
  const path = [dirname(prepared.toolchain.paths.kubectl), operator.env.PATH].join(delimiter);
  const variables = Object.entries({ PATH: path, ...environment }).map(([name, value]) => `${name}=${value}`);
  const tool = [process.execPath, join(repository, "bin", "tools", "verify.js"), identity.site];
  return operator.run(["env", ...variables, ...tool, "--config-file", stack.file, ...args], {
    cwd: repository,
    timeout: 300_000,
    accept: [0, 1],
  });
}

export async function verifyLab(
  environment: Readonly<Record<string, string>> = {},
  ...args: string[]
): Promise<{ readonly code: number; readonly report: Report }> {
  const { code, stdout, stderr } = await runVerify(environment, "--json", ...args);
  if (stdout === "") throw new Error(`verify said nothing but: ${stderr}`);
  return { code, report: JSON.parse(stdout) as Report };
}

/** kubectl with the break-glass kubeconfig of a cluster; what it printed. */
async function asAdministrator(cluster: string, ...args: string[]): Promise<string> {
  const answer = await lab().pulumi(["stack", "output", "adminKubeconfigs", "--json", "--show-secrets"]);
  const { clusters } = JSON.parse(answer.stdout) as { readonly clusters: Readonly<Record<string, string>> };
  const file = join(identity.directory, `${cluster}.kubeconfig`);
  await writeFile(file, clusters[cluster], { mode: 0o600 });
  const { kubectl } = lab().prepared.toolchain.paths;
  return (await lab().operator.run([kubectl, "--kubeconfig", file, ...args], { timeout: 60_000 })).stdout;
}

/** Runs a command at a node's console. */
async function onNode(name: string, command: readonly string[]): Promise<RunResult> {
  const folder = join(vcenterState(identity), "vms", namespaceName(identity, name));
  const { hypervisor } = lab().prepared.toolchain.paths;
  return run([hypervisor, "guest", "exec", "--state-dir", folder, "--", ...command], { timeout: 60_000 });
}

const failed = ({ checks }: Report, family?: Family): readonly Check[] =>
  checks.filter((check) => check.verdict === "fail" && (family === undefined || check.family === family));

/** Verifies again and again until the report is as wanted: controllers and routers need their seconds. */
const until = (what: string, holds: (report: Report) => boolean, timeout = 280_000): Promise<Report> =>
  waitFor(
    what,
    timeout,
    async () => {
      const { report } = await verifyLab();
      if (!holds(report))
        throw new Error(
          failed(report)
            .map(({ subject, detail }) => `${subject}: ${detail}`)
            .join("\n"),
        );
      return report;
    },
    2_000,
  );

const allPassed = (report: Report): boolean => report.failed === 0;

/** Breaks one thing, sees rows of these families turn red, mends it, and sees all green again. */
async function breaking(
  expected: readonly Family[],
  subject: RegExp,
  faults: () => Promise<unknown>,
  mend: () => Promise<unknown>,
): Promise<void> {
  const tells = (report: Report) =>
    expected.every((family) => failed(report, family).some((check) => subject.test(check.subject)));
  try {
    await faults();
    await until(`${expected.join(" and ")} to fail`, tells);
  } finally {
    await mend();
  }
  await until("everything to pass again", allPassed);
}

export function verifyTellsTheTruth(): void {
  describe("npm run verify", () => {
    test("passes on the whole region, with rows of every family, each naming its source", async () => {
      const report = await until("everything to pass", allPassed, 500_000);
      for (const family of families) {
        const own = report.checks.filter((check) => check.family === family);
        expect([family, own.length > 0]).toEqual([family, true]);
      }
      expect(report.checks.filter(({ source, detail }) => source === "" || detail === "")).toEqual([]);
      expect(report.unseen.join()).toContain("gw");
    });

    test("a router without BGP: its sessions and routes, and the nodes' ends of them", async () => {
      await breaking(
        ["session", "route"],
        /^bgp1/,
        () => onHost("bgp1", "systemctl stop frr.service\n"),
        () => onHost("bgp1", "systemctl start frr.service\n"),
      );
    });

    test("a forwarder that is gone from one domain controller", async () => {
      const [{ name }] = lab().site.activeDirectory.servers;
      const machine = name.split(".")[0];
      const each = (script: string) => `for folder in ${forwarderFolders.join(" ")}; do ${script}; done; rndc reconfig`;
      await breaking(
        ["forwarder"],
        new RegExp(`configured at ${name}$`),
        () =>
          lab().exec(machine, [
            "sh",
            "-c",
            each('mkdir -p "$folder.away"; mv "$folder"/*.conf "$folder.away/" || true'),
          ]),
        () => lab().exec(machine, ["sh", "-c", each('mv "$folder.away"/*.conf "$folder/" || true')]),
      );
    });

    test("a domain controller that answers no name", async () => {
      const { name } = lab().site.activeDirectory.servers[1];
      const machine = name.split(".")[0];
      await breaking(
        ["name", "forwarder"],
        /./,
        () => lab().exec(machine, ["systemctl", "stop", "named.service"]),
        () => lab().exec(machine, ["systemctl", "start", "named.service"]),
      );
    });

    test("a cluster whose Cilium operator is switched off", async () => {
      const scale = (replicas: number) =>
        asAdministrator(
          "management",
          "--namespace=kube-system",
          "scale",
          "deployment/cilium-operator",
          `--replicas=${replicas}`,
        );
      const before = await asAdministrator(
        "management",
        "--namespace=kube-system",
        "get",
        "deployment/cilium-operator",
        "--output=jsonpath={.spec.replicas}",
      );
      await breaking(
        ["cilium"],
        /^management: operator$/,
        () => scale(0),
        () => scale(Number(before)),
      );
    });

    test("a node whose kubelet stopped: the node, its machine, and nothing else of the other cluster", async () => {
      const worker = (
        await asAdministrator(
          "management",
          "get",
          "nodes",
          "--selector=node-role.kubernetes.io/worker",
          "--output=name",
        )
      )
        .trim()
        .split("\n")[0]
        .replace("node/", "");
      await breaking(
        ["node", "cluster-api"],
        new RegExp(`^management: .*${worker}`),
        () => onNode(worker, ["systemctl", "stop", "kubelet.service"]),
        () => onNode(worker, ["systemctl", "start", "kubelet.service"]),
      );
    });

    test("a login host without dex", () =>
      breaking(
        ["login"],
        /^dex$/,
        () => onHost("auth", "systemctl stop dex.service\n"),
        () => onHost("auth", "systemctl start dex.service\n"),
      ));

    test("a login host without Caddy shows no certificate", () =>
      breaking(
        ["certificate", "login"],
        /./,
        () => onHost("auth", "systemctl stop caddy.service\n"),
        () => onHost("auth", "systemctl start caddy.service\n"),
      ));

    test("an account that vCenter refuses sees no machine, and all else is seen", async () => {
      const { code, report } = await verifyLab({ VCENTER_USERNAME: "nobody@vsphere.local", VCENTER_PASSWORD: "wrong" });
      expect(code).toBe(1);
      expect(failed(report).map(({ family }) => family)).toEqual(["machine"]);
      expect(failed(report)[0].detail).toContain("InvalidLogin");
    });

    test("a read-only account of vCenter and the read-only credentials alone suffice", async () => {
      const file = join(identity.directory, "verify-credentials.json");
      await rm(file, { force: true });
      const account = { VCENTER_USERNAME: readOnlyUser, VCENTER_PASSWORD: lab().vcenter.readOnlyPassword };
      await runVerify(account, "--write-credentials", file);
      const { report } = await verifyLab({ PULUMI_CONFIG_PASSPHRASE: "wrong" }, "--credentials", file);
      expect(failed(report)).toEqual([]);
      expect(report.unseen.join()).toContain("configured forwarders");
    });
  });
}
