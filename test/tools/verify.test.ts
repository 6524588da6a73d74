/** The command as a person runs it: compiled, in a process of its own, in a network namespace where nothing answers. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { families } from "../../verify/check";
import type { Report } from "../../verify/report";
import { generateSshKeyPair } from "../../tools/secret-values";

jest.setTimeout(120_000);

const repository = join(__dirname, "../..");

// So that no test below waits for a compiler.
beforeAll(() => void verify("--help"), 300_000);

function verify(...args: readonly string[]) {
  const alone = ["--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"];
  return spawnSync("unshare", [...alone, join(repository, "tools/run"), "verify", ...args], { encoding: "utf8" });
}

function credentialsFile(changes: Readonly<Record<string, unknown>> = {}): string {
  const file = join(mkdtempSync(join(tmpdir(), "credentials-")), "credentials.json");
  const { privateKey, publicKey } = generateSshKeyPair("verify");
  const hostKeys = Object.fromEntries(["jump", "bgp1", "bgp2"].map((host) => [host, publicKey]));
  const credentials = {
    version: 1,
    vcenter: { username: "reader", password: "CANARY-password" },
    ssh: { user: "verify", privateKey, hostKeys },
    kubeconfigs: { clusters: {} },
    ...changes,
  };
  writeFileSync(file, JSON.stringify(credentials));
  return file;
}

test("a site that does not answer has failed in every family, with a reason in each row, and shows no credential", () => {
  const file = credentialsFile();
  const { status, stdout, stderr } = verify("siziano", "--json", "--credentials", file);
  expect({ status, stderr }).toEqual({ status: 1, stderr: "" });
  const report = JSON.parse(stdout) as Report;
  expect(report).toMatchObject({ version: 1, site: "siziano", passed: 0 });
  expect(report.failed).toBe(report.checks.length);
  // What Cilium and the routers should show is known only to those who did not answer.
  const silent = ["cilium", "route"];
  for (const family of families.filter((each) => !silent.includes(each)))
    expect([family, report.checks.some((check) => check.family === family)]).toEqual([family, true]);
  expect(report.checks.filter(({ detail }) => detail === "")).toEqual([]);
  expect(stdout).not.toMatch(/CANARY|PRIVATE KEY/);
});

test("the table says the same, and ends with the number of failures", () => {
  const { status, stdout } = verify("siziano", "--credentials", credentialsFile());
  expect(status).toBe(1);
  expect(stdout).toMatch(/\n {2}FAIL {2}vcenter\.siziano\.simplebooking\.local +\S/);
  expect(stdout.trim().split("\n").pop()).toMatch(/^siziano: 0 passed, [1-9]\d* failed$/);
});

test("wrong calls: no stack, an unknown one, credentials that are none", () => {
  expect(verify().status).toBe(2);
  expect(verify("nowhere", "--credentials", credentialsFile())).toMatchObject({
    status: 2,
    stderr: expect.stringContaining("nowhere: no such stack"),
  });
  expect(verify("siziano", "--credentials", credentialsFile({ ssh: {} }))).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("ssh.user"),
  });
});

test("credentials are written for their owner only, and never over a file", () => {
  const from = credentialsFile();
  const to = join(mkdtempSync(join(tmpdir(), "credentials-")), "copy.json");
  expect(verify("siziano", "--credentials", from, "--write-credentials", to).status).toBe(0);
  expect(JSON.parse(readFileSync(to, "utf8"))).toEqual(JSON.parse(readFileSync(from, "utf8")));
  expect(statSync(to).mode & 0o777).toBe(0o600);
  expect(verify("siziano", "--credentials", from, "--write-credentials", to)).toMatchObject({
    status: 1,
    stderr: `${to}: exists. Remedy: remove it, or name another file\n`,
  });
});
