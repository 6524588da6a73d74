/** Kubernetes' own words, by the real kubectl with a read-only kubeconfig. */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KubernetesObject } from "../render/kubernetes-object";

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

/** As much of an object as is looked at. */
export interface KubeObject extends Pick<KubernetesObject, "kind" | "metadata"> {
  // Each kind's own shape is known where it is judged.
  readonly spec?: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  readonly status?: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  readonly [field: string]: unknown;
}

export interface KubeApi {
  /** All objects of these kinds (`nodes,services`), in one namespace or in all. Throws with kubectl's words. */
  list(kinds: string, namespace?: string): Promise<readonly KubeObject[]>;
  /** One object; undefined where there is none of that name. Throws with kubectl's words. */
  get(kind: string, name: string, namespace: string): Promise<KubeObject | undefined>;
}

/** Seconds that kubectl waits for one answer. */
const requestTimeout = 20;

function kubectl(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("kubectl", args, { stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    child.once("error", (error) =>
      reject(new Error(`kubectl cannot be run (${error.message}). Remedy: install it, or put it on the PATH`)),
    );
    child.once("close", (code) =>
      code === 0 ? resolve(stdout) : reject(new Error(`kubectl: ${stderr.trim() || `exit code ${code}`}`)),
    );
  });
}

/** Opens an API server with a kubeconfig for as long as `work` takes; the kubeconfig lies in a folder of our own meanwhile. */
export async function withKubeApi<T>(kubeconfig: string, work: (api: KubeApi) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), "verify-"));
  const file = join(folder, "kubeconfig");
  try {
    await writeFile(file, kubeconfig, { mode: 0o600 });
    const common = ["--kubeconfig", file, `--request-timeout=${requestTimeout}s`, `--cache-dir=${folder}`];
    return await work({
      async list(kinds, namespace) {
        const where = namespace === undefined ? ["--all-namespaces"] : ["--namespace", namespace];
        const answer = await kubectl([...common, "get", kinds, ...where, "--output=json"]);
        return (JSON.parse(answer) as { items: KubeObject[] }).items;
      },
      async get(kind, name, namespace) {
        const wanted = ["get", kind, name, "--namespace", namespace, "--ignore-not-found", "--output=json"];
        const answer = await kubectl([...common, ...wanted]);
        return answer.trim() === "" ? undefined : (JSON.parse(answer) as KubeObject);
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export const ofKind = (objects: readonly KubeObject[], kind: string): readonly KubeObject[] =>
  objects.filter((object) => object.kind === kind);

export const conditionOf = (object: KubeObject, type: string): Condition | undefined =>
  ((object.status?.conditions ?? []) as Condition[]).find((condition) => condition.type === type);

/** What is wrong with a condition that should be True; undefined where it is. */
export function notTrue(object: KubeObject, type: string): string | undefined {
  const condition = conditionOf(object, type);
  if (condition === undefined) return `has no condition ${type}`;
  if (condition.status === "True") return undefined;
  return [`${type} is ${condition.status}`, condition.reason, condition.message?.replace(/\s+/g, " ")]
    .filter((part) => part !== undefined && part !== "")
    .join(", ");
}
