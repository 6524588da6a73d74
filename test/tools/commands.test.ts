/** The commands as a person runs them: compiled, in processes of their own, on a copy of the project's files. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { Fault } from "../../config/fault";
import type { RegionPlan } from "../../plan/model";

const repository = join(__dirname, "../..");
let root: string;

beforeAll(() => {
  // So that no test below waits for a compiler.
  expect(run("check", "--help").status).toBe(0);
}, 120_000);
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "commands-"));
  for (const name of ["Pulumi.yaml", "Pulumi.siziano.yaml", "Pulumi.dr.yaml"]) {
    cpSync(join(repository, name), join(root, name));
  }
});
afterEach(() => rmSync(root, { recursive: true }));

function run(command: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(join(repository, "tools/run"), [command, ...args], { encoding: "utf8" });
  return { status, stdout, stderr };
}

function edit(stack: string, from: string | RegExp, to: string): void {
  const file = join(root, `Pulumi.${stack}.yaml`);
  const text = readFileSync(file, "utf8");
  const edited = text.replace(from, to);
  expect(edited).not.toBe(text);
  writeFileSync(file, edited);
}

const faultsOf = (stdout: string): Fault[] => (JSON.parse(stdout) as { faults: Fault[] }).faults;

describe("npm run check", () => {
  test("finds no error in the repository's sites", () => {
    const { status, stdout } = run("check", "--root", root);
    expect(stdout).toContain("2 site files: 0 errors");
    expect(status).toBe(0);
  });

  test("reports every fault at once, of all sites, and exits with 1", () => {
    edit("siziano", "10.65.0.0/16", "10.75.0.0/16");
    edit("siziano", "address: 172.20.10.11", "address: 172.20.10.10");
    edit("dr", "vpnMtu: 1420", "vpnMtu: 1300");
    const { status, stdout } = run("check", "--root", root, "--json");
    expect(status).toBe(1);
    const errors = faultsOf(stdout).filter(({ severity }) => severity === "error");
    expect(errors.map(({ site, path, rule }) => `${site} ${path} ${rule}`).sort()).toEqual([
      "dr clusters.management pod-mtu",
      "siziano clusters.management pod-mtu",
      "siziano clusters.workloads.pods network-overlap",
      "siziano hosts.auth.address duplicate-address",
    ]);
    for (const { remedy, problem } of errors) expect([remedy, problem].every((text) => text.length > 0)).toBe(true);
  });

  test("narrows the report to a stack, though all sites are read", () => {
    edit("dr", "10.75.0.0/16", "10.65.0.0/16");
    const one = faultsOf(run("check", "siziano", "--root", root, "--json").stdout);
    expect(one.map(({ site }) => site)).not.toContain("dr");
    const other = faultsOf(run("check", "dr", "--root", root, "--json").stdout);
    const both = [...one, ...other].filter(({ rule }) => rule === "network-overlap");
    expect(both).toHaveLength(1);
  });

  test("shows value, rule and remedy to people", () => {
    edit("siziano", "10.65.0.0/16", "10.0.4.23/8");
    const { stdout } = run("check", "--root", root);
    expect(stdout).toContain(
      "error siziano: clusters.workloads.pods = 10.0.4.23/8: is not aligned; write 10.0.0.0/8 [address-syntax]\n    remedy: ",
    );
  });

  test("is told apart from a wrong call by its exit code", () => {
    expect(run("check", "nowhere", "--root", root)).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("nowhere: no such stack; there are dr, siziano") as string,
    });
    expect(run("check", "--colour").status).toBe(2);
  });

  test("answers within two seconds, the start of node included", () => {
    // The fastest of three, so that a busy machine does not decide.
    const times = [1, 2, 3].map(() => {
      const began = process.hrtime.bigint();
      run("check", "--root", root);
      return Number(process.hrtime.bigint() - began) / 1e9;
    });
    expect(Math.min(...times)).toBeLessThan(2);
  });
});

describe("npm run plan", () => {
  test("writes the firewall matrix, the DNS entries and the site book", () => {
    const out = join(root, "out");
    expect(run("plan", "siziano", "--root", root, "--out", out).status).toBe(0);
    expect(readdirSync(out).sort()).toEqual([
      "dns-entries.csv",
      "dns-entries.json",
      "firewall-matrix.csv",
      "firewall-matrix.json",
      "site-book.md",
    ]);
    const { version, rules } = JSON.parse(readFileSync(join(out, "firewall-matrix.json"), "utf8")) as {
      version: number;
      rules: RegionPlan["firewall"];
    };
    expect(version).toBe(1);
    const rows = readFileSync(join(out, "firewall-matrix.csv"), "utf8").trimEnd().split("\r\n");
    expect(rows).toHaveLength(rules.length + 1);
    expect(rows[0]).toBe("id,sourceName,source,destinationName,destination,protocol,ports,why");
    const dns = JSON.parse(readFileSync(join(out, "dns-entries.json"), "utf8")) as RegionPlan["dns"] & {
      version: number;
    };
    expect(dns.version).toBe(1);
    expect(dns.forwarders).toContainEqual({
      zone: "management.k8s.siziano.simplebooking.local",
      address: "172.21.10.10",
      delegationFrom: "simplebooking.local",
    });
    expect(dns.records).toContainEqual({
      name: "auth.cmp.siziano.simplebooking.local",
      type: "A",
      value: "172.20.10.11",
    });
  });

  test("gives the plan to scripts, and writes nothing then", () => {
    const { stdout } = run("plan", "siziano", "--root", root, "--json");
    expect((JSON.parse(stdout) as RegionPlan).clusters.map(({ name }) => name)).toEqual(["management", "workloads"]);
    expect(readdirSync(root)).not.toContain(".plan");
  });

  test("refuses a site with errors, all of them named", () => {
    edit("siziano", "10.65.0.0/16", "10.75.0.0/16");
    edit("siziano", "address: 172.20.10.11", "address: 172.20.10.10");
    const { status, stderr } = run("plan", "siziano", "--root", root);
    expect(status).toBe(1);
    expect(stderr).toMatch(/^2 faults in the site files[^]*network-overlap[^]*duplicate-address/);
    expect(run("plan", "--root", root).status).toBe(2);
  });
});

test("every command of package.json explains itself", () => {
  const { scripts } = parse(readFileSync(join(repository, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const commands = Object.values(scripts).flatMap((script) => /^tools\/run (\S+)$/.exec(script)?.[1] ?? []);
  expect(commands.length).toBeGreaterThanOrEqual(4);
  for (const command of commands) {
    const { status, stdout } = run(command, "--help");
    expect({ command, status }).toEqual({ command, status: 0 });
    expect(stdout).toMatch(/^npm run /);
  }
});
