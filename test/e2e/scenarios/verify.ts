import { delimiter, dirname, join } from "node:path";
import { repository } from "../../../lab/paths";
import { waitFor } from "../../../lab/run";
import { families, type Check, type Family } from "../../../verify/check";
import type { Report } from "../../../verify/report";
import { identity, lab, onHost } from "../../support/lab";

/** `npm run verify`, as the operator in the office runs it. */
export async function verifyLab(...args: string[]): Promise<{ readonly code: number; readonly report: Report }> {
  const { operator, prepared, stack } = lab();
  const path = [dirname(prepared.toolchain.paths.kubectl), operator.env.PATH].join(delimiter);
  const tool = [process.execPath, join(repository, "bin", "tools", "verify.js"), identity.site];
  const where = ["--config-file", stack.file, "--json"];
  const done = await operator.run(["env", `PATH=${path}`, ...tool, ...where, ...args], {
    cwd: repository,
    timeout: 120_000,
    accept: [0, 1],
  });
  return { code: done.code, report: JSON.parse(done.stdout) as Report };
}

const failed = ({ checks }: Report, family?: Family): readonly Check[] =>
  checks.filter((check) => check.verdict === "fail" && (family === undefined || check.family === family));

/** Verifies again and again until the report is as wanted: controllers and routers need their seconds. */
const until = (what: string, holds: (report: Report) => boolean, timeout = 120_000): Promise<Report> =>
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

/** Breaks one thing, sees the rows that tell of it turn red, mends it, and sees all of them green again. */
async function breaking(
  family: Family,
  subject: RegExp,
  faults: () => Promise<unknown>,
  mend: () => Promise<unknown>,
): Promise<void> {
  const tells = (report: Report) => failed(report, family).some((check) => subject.test(check.subject));
  try {
    await faults();
    await until(`${family} to fail`, tells);
  } finally {
    await mend();
  }
  await until("everything to pass again", allPassed);
}

export function verifyTellsTheTruth(): void {
  describe("npm run verify", () => {
    test("passes on the whole region, with rows of every family, each naming its source", async () => {
      const report = await until("everything to pass", allPassed, 180_000);
      for (const family of families) {
        const own = report.checks.filter((check) => check.family === family);
        expect([family, own.length > 0]).toEqual([family, true]);
      }
      expect(report.checks.filter(({ source, detail }) => source === "" || detail === "")).toEqual([]);
      expect(report.unseen.join()).toContain("gw");
    });

    test("a router without BGP: its sessions and routes, and the nodes' ends of them", async () => {
      await breaking(
        "session",
        /^bgp1/,
        () => onHost("bgp1", "systemctl stop frr.service\n"),
        () => onHost("bgp1", "systemctl start frr.service\n"),
      );
    });

    test("a login host without dex", () =>
      breaking(
        "login",
        /^dex$/,
        () => onHost("auth", "systemctl stop dex.service\n"),
        () => onHost("auth", "systemctl start dex.service\n"),
      ));

    test("a login host without Caddy shows no certificate", () =>
      breaking(
        "certificate",
        /^auth$/,
        () => onHost("auth", "systemctl stop caddy.service\n"),
        () => onHost("auth", "systemctl start caddy.service\n"),
      ));
  });
}
