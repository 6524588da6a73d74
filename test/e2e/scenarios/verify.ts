import { rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { repository } from "../../../lab/paths";
import { type RunResult, waitFor } from "../../../lab/run";
import { readOnlyUser } from "../../../lab/vcenter";
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

    test("a login host without dex", () =>
      breaking(
        ["login"],
        /^dex$/,
        () => onHost("auth", "systemctl stop dex.service\n"),
        () => onHost("auth", "systemctl start dex.service\n"),
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
