import { kubectl } from "../../../lab/kubectl";
import { forwarderFolders } from "../../../lab/fixtures/active-directory/ssh";
import { rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { repository } from "../../../lab/paths";
import { type RunResult, waitFor } from "../../../lab/run";
import { readOnlyUser } from "../../../lab/vcenter";
import { families, type Check } from "../../../verify/check";
import type { Report } from "../../../verify/report";
import { ask, atNode, deployed, isControlPlane, nodesOf } from "../../support/cluster-nodes";
import { identity, lab, onHost, progress } from "../../support/lab";

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

const failed = ({ checks }: Report): readonly Check[] => checks.filter(({ verdict }) => verdict === "fail");

/** Verifies again and again until there is nothing to complain of: controllers and routers need their seconds. */
const until = (what: string, complaints: (report: Report) => readonly string[], timeout = 280_000): Promise<Report> =>
  waitFor(
    what,
    timeout,
    async () => {
      const { report } = await verifyLab();
      const found = complaints(report);
      if (found.length > 0) throw new Error(found.join("\n"));
      return report;
    },
    1_000,
  );

const allPassed = (report: Report): readonly string[] =>
  failed(report).map(({ subject, detail }) => `${subject}: ${detail}`);

/** A row as a fault's patterns know it. */
const rowText = ({ family, subject, source }: Check): string => `${family}: ${subject} (${source})`;

/** Something that breaks, and the rows that have to tell it; no row of another fault, nor of anything that is well, may. */
interface Fault {
  readonly rows: readonly RegExp[];
  /** Rows that may tell it, too. */
  readonly further?: readonly RegExp[];
  readonly begin: () => Promise<unknown>;
  readonly end: () => Promise<unknown>;
}

/** Stops a unit of a machine that is entered by `at`. */
const stopped = (unit: string, at: (script: string) => Promise<unknown>, rows: readonly RegExp[]): Fault => ({
  rows,
  begin: () => at(`systemctl stop ${unit}\n`),
  end: () => at(`systemctl start ${unit}\n`),
});

/** One fault of each family but the machines', whose witness is vCenter. */
async function faults(): Promise<readonly Fault[]> {
  const { plan, site } = lab();
  const [router] = plan.bgp.routers;
  const [first, second] = site.activeDirectory.servers;
  const [cluster, other] = deployed();
  const onMachine = (machine: string) => (script: string) => lab().exec(machine.split(".")[0], ["sh", "-euc", script]);
  const forwarder = `for folder in ${forwarderFolders.join(" ")}; do file="$folder/${cluster.zone}.conf"`;
  const node = (await nodesOf(other)).find(isControlPlane)!.metadata.name;
  const silent = [`node/${node}`, "--for=condition=Ready=Unknown", "--timeout=120s"];
  const operator = ["--namespace=kube-system", "deployment/cilium-operator"];
  const { replicas } = (await ask<Deployment>(cluster.name, ...operator)).spec;
  const scale = (wanted: number) => kubectl(lab(), cluster.name, ["scale", ...operator, `--replicas=${wanted}`]);
  return [
    stopped("frr.service", (script) => onHost(router.host, script), [
      new RegExp(`^session: ${router.host}`),
      new RegExp(`^session: .* – ${router.host} `),
      new RegExp(`^route: ${router.host}`),
    ]),
    {
      rows: [new RegExp(`^forwarder: ${cluster.zone} configured at ${first.name} `)],
      // named itself goes on with what it has read: what is configured is more than what answers.
      begin: () => onMachine(first.name)(`${forwarder}; [ ! -e "$file" ] || mv "$file" "$file.away"; done`),
      end: () => onMachine(first.name)(`${forwarder}; [ ! -e "$file.away" ] || mv "$file.away" "$file"; done`),
    },
    stopped("named.service", onMachine(second.name), [
      new RegExp(`^name: .*DNS query to ${second.address}\\)$`),
      new RegExp(`^forwarder: .* through ${second.address} `),
      // It asks itself for its own realm.
      new RegExp(`^forwarder: .* configured at ${second.name} `),
    ]),
    { rows: [new RegExp(`^cilium: ${cluster.name}: operator `)], begin: () => scale(0), end: () => scale(replicas) },
    stopped("caddy.service", (script) => onHost("auth", script), [
      /^certificate: auth /,
      /^login: dex /,
      /^login: kubeconfig of /,
    ]),
    {
      rows: [new RegExp(`^node: ${other.name}: ${node} `), new RegExp(`^cluster-api: ${other.name}: Machine ${node} `)],
      // What runs there is as ready as the kubelet last said, which counts for nothing by now.
      further: [new RegExp(`^cluster-api: ${other.name}: `), new RegExp(`^cilium: ${other.name}: (agents|operator) `)],
      begin: async () => {
        await atNode(node, "systemctl stop kubelet.service\n");
        await kubectl(lab(), other.name, ["wait", ...silent]);
      },
      end: () => atNode(node, "systemctl start kubelet.service\n"),
    },
  ];
}

interface Deployment {
  readonly spec: { readonly replicas: number };
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

    test("tells faults of every kind in one report, each by its own rows, and no other row fails", async () => {
      const all = await faults();
      const began = Date.now();
      try {
        await Promise.all(all.map(({ begin }) => begin()));
        await until("every fault, and nothing else, to be told", (report) => {
          const told = failed(report);
          const patterns = all.flatMap(({ rows, further = [] }) => [...rows, ...further]);
          const untold = all
            .flatMap(({ rows }) => rows)
            .filter((pattern) => !told.some((row) => pattern.test(rowText(row))));
          const groundless = told.filter((row) => !patterns.some((pattern) => pattern.test(rowText(row))));
          return [
            ...untold.map((pattern) => `no failed row is ${pattern.source}`),
            ...groundless.map((row) => `failed for no fault of this test: ${rowText(row)}: ${row.detail}`),
          ];
        });
        progress.say(`all told within ${(Date.now() - began) / 1000} s`);
      } finally {
        await Promise.all(all.map(({ end }) => end()));
      }
      await until("everything to pass again", allPassed);
    });

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
