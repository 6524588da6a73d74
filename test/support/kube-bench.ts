/** kube-bench, the program that judges a running node by the CIS Kubernetes Benchmark, and what it says of the lab's nodes. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { upstreamFolder } from "../../lab/images/layer";
import { labProgram } from "./lab-program";

/** The newest benchmark that the pinned kube-bench knows. Up to 1.12 its scored checks stayed the same, but for `added`. */
const known = "cis-1.10";

const added = {
  id: "1.2.30",
  text: "--service-account-extend-token-expiration is false",
  audit: "/bin/ps -ef | grep $apiserverbin | grep -v grep",
  tests: { test_items: [{ flag: "--service-account-extend-token-expiration", compare: { op: "eq", value: false } }] },
  scored: true,
};

interface Controls {
  readonly groups: { readonly id: string; readonly checks: unknown[] }[];
}

/** A folder with the program and its checks. `pki` is where the node keeps its CAs. */
export async function kubeBench(pki: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "kube-bench-"));
  cpSync(await labProgram("kube-bench"), join(folder, "kube-bench"));
  const source = { toolchain: "kube-bench", goModule: "github.com/aquasecurity/kube-bench" };
  const upstream = join(await upstreamFolder(source), "cfg");
  for (const name of ["config.yaml", ...["config", "master", "etcd", "node"].map((each) => `${known}/${each}.yaml`)])
    // A module's files are read-only, and so would be their copies.
    writeText(folder, name, readFileSync(join(upstream, name), "utf8"));
  const master = parse(readFileSync(join(upstream, known, "master.yaml"), "utf8")) as Controls;
  master.groups.find(({ id }) => id === "1.2")?.checks.push(added);
  writeText(folder, `${known}/master.yaml`, stringify(master).replaceAll("/etc/kubernetes/pki/", `${pki}/`));
  return folder;
}

function writeText(folder: string, name: string, text: string): void {
  const path = join(folder, "cfg", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The script that runs it in its folder, for the parts that a node has: `master,etcd,node` or `node`. */
export const judge = (folder: string, targets: string): string =>
  `${folder}/kube-bench run --targets ${targets} --benchmark ${known} --config-dir ${folder}/cfg --json`;

export interface Verdict {
  readonly test_number: string;
  readonly test_desc: string;
  readonly scored: boolean;
  readonly status: "PASS" | "FAIL" | "WARN" | "INFO";
  readonly actual_value: string;
}

/** What it said, check by check. */
export function verdicts(json: string): Verdict[] {
  const said = JSON.parse(json) as { Controls: { tests: { results: Verdict[] }[] }[] };
  return said.Controls.flatMap(({ tests }) => tests.flatMap(({ results }) => results));
}

/** Scored checks that fail, each argued in docs/hardening.md. */
export const waivers: readonly Waiver[] = [
  { check: "1.1.12", target: "master" },
  { check: "1.2.5", target: "master" },
  // It asks for a process that Cilium replaces.
  { check: "4.3.1", target: "node", withoutKubeProxy: true },
];

interface Waiver {
  readonly check: string;
  readonly target: "master" | "node";
  readonly withoutKubeProxy?: true;
}
