/**
 * A real Kubernetes API server for one test file: the lab's etcd and kube-apiserver on the loopback, with the CRDs it is given.
 * Nothing runs behind it (no controllers, no webhooks): it proves that objects fit their schema and are stored.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseAllDocuments, stringify } from "yaml";
import { consoleProgress } from "../../lab/progress";
import { waitFor } from "../../lab/run";
import { ensureToolchain } from "../../lab/toolchain";

/** What an API server takes, as far as this file looks at it. */
export interface ApiObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly [field: string]: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  /** The object, or the API server's `Status` where it refused. */
  readonly body: Record<string, unknown> & { readonly message?: string };
  /** Texts of its `Warning` headers: deprecated versions, unknown fields. */
  readonly warnings: readonly string[];
}

export interface KubeApi {
  readonly url: string;
  /** For programs: the content of a kubeconfig with all rights. */
  readonly kubeconfig: string;
  readonly kubeconfigFile: string;
  /** URL of its etcd, which asks for no credentials. */
  readonly etcd: string;
  request(method: string, path: string, body?: unknown, contentType?: string): Promise<ApiAnswer>;
  /** A GET of nobody. */
  anonymously(path: string): Promise<ApiAnswer>;
  get(object: ApiObject): Promise<ApiAnswer>;
  /** Merges into an object's status, as a controller does. */
  setStatus(object: ApiObject, status: unknown): Promise<ApiAnswer>;
  /**
   * Server-side apply with strict checks of fields; makes the object's namespace first. `dryRun` stores nothing. Never throws
   * for a refusal: that is in the answer.
   */
  apply(object: ApiObject, options?: { readonly dryRun?: boolean }): Promise<ApiAnswer>;
  stop(): Promise<void>;
}

export interface KubeApiOptions {
  /** YAML texts with CustomResourceDefinitions; other kinds in them are left out. See cluster-api-crds.ts. */
  readonly crds?: readonly string[];
  /** Further flags of kube-apiserver; `$FOLDER` in one stands for the folder of `files`. */
  readonly flags?: readonly string[];
  /** Texts by name that further flags refer to. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Throws with the end of its log if kube-apiserver does not start, as with a file that it refuses. */
export async function startKubeApi({ crds = [], flags = [], files = {} }: KubeApiOptions = {}): Promise<KubeApi> {
  const { paths } = await ensureToolchain({ progress: consoleProgress(), names: ["etcd", "kube-apiserver"] });
  const folder = mkdtempSync(join(tmpdir(), "kube-api-"));
  const children: ChildProcess[] = [];
  const stop = async () => {
    await Promise.all(children.reverse().map(end));
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const etcd = `http://127.0.0.1:${await freePort()}`;
    const peer = `http://127.0.0.1:${await freePort()}`;
    const port = await freePort();
    const token = randomUUID();
    children.push(start(folder, "etcd", paths.etcd, etcdFlags(folder, etcd, peer)));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o600 });
    const own = flags.map((flag) => flag.replaceAll("$FOLDER", folder));
    const allFlags = [...apiServerFlags(folder, etcd, port, token), ...own];
    children.push(start(folder, "kube-apiserver", paths["kube-apiserver"], allFlags));
    const api = client(folder, `https://127.0.0.1:${port}`, etcd, token, stop);
    const ended = await waitFor(`kube-apiserver at ${api.url}`, 90_000, async () => {
      const dead = children.find((child) => child.exitCode !== null || child.signalCode !== null);
      if (dead !== undefined) return dead.spawnargs.join(" ");
      const { status, body } = await api.request("GET", "/readyz");
      if (status !== 200) throw new Error(`${status} ${body.message}\n${lastWords(folder)}`);
      return "";
    });
    if (ended !== "") throw new Error(`${ended}: ended\n${lastWords(folder)}`);
    await installCrds(api, crds);
    return api;
  } catch (error) {
    await stop();
    throw error;
  }
}

function etcdFlags(folder: string, client: string, peer: string): string[] {
  return [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    "--unsafe-no-fsync", // nothing here outlives the test
  ];
}

function apiServerFlags(folder: string, etcd: string, port: number, token: string): string[] {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const file = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  return [
    `--etcd-servers=${etcd}`,
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${folder}`, // makes its own certificate there
    `--token-auth-file=${file("tokens.csv", `${token},admin,admin,system:masters\n`)}`,
    "--authorization-mode=RBAC",
    `--service-account-signing-key-file=${file("sa.key", privateKey.export({ type: "sec1", format: "pem" }))}`,
    `--service-account-key-file=${file("sa.pub", publicKey.export({ type: "spki", format: "pem" }))}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    "--service-cluster-ip-range=198.51.100.0/24", // TEST-NET-2: no packet ever goes there
    "--endpoint-reconciler-type=none", // the loopback is no address for an endpoint
    "--disable-admission-plugins=ServiceAccount", // no controller makes the default account
    "--profiling=false",
  ];
}

/** The kernel ends it should the test end without `stop`. */
function start(folder: string, name: string, program: string, flags: readonly string[]): ChildProcess {
  const log = openSync(join(folder, `${name}.log`), "w");
  return spawn("setpriv", ["--pdeathsig", "KILL", program, ...flags], { stdio: ["ignore", log, log] });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

function lastWords(folder: string): string {
  const words = ["etcd", "kube-apiserver"].map((name) => {
    return readFileSync(join(folder, `${name}.log`), "utf8")
      .trim()
      .split("\n")
      .slice(-5)
      .join("\n");
  });
  return words.join("\n");
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

function client(folder: string, url: string, etcd: string, token: string, stop: () => Promise<void>): KubeApi {
  const ca = () => readFileSync(join(folder, "apiserver.crt"), "utf8");
  const kubeconfig = () =>
    stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        {
          name: "test",
          cluster: { server: url, "certificate-authority-data": Buffer.from(ca()).toString("base64") },
        },
      ],
      users: [{ name: "admin", user: { token } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
      "current-context": "test",
    });
  const authorization = `Bearer ${token}`;
  const ask: KubeApi["request"] = (method, path, body, contentType = "application/json") =>
    send(method, path, { authorization, "content-type": contentType }, body);
  const send = (method: string, path: string, own: Record<string, string>, body?: unknown): Promise<ApiAnswer> =>
    new Promise((resolve, reject) => {
      const headers = { accept: "application/json, */*", ...own };
      const call = request(`${url}${path}`, { method, headers, ca: ca() }, (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (part: string) => (text += part));
        response.on("end", () => {
          const json = response.headers["content-type"]?.includes("json");
          // 299 - "text": RFC 7234, 5.5; several come as one header.
          const warnings = [...String(response.headers.warning ?? "").matchAll(/299 \S+ "((?:[^"\\]|\\.)*)"/g)];
          resolve({
            status: response.statusCode ?? 0,
            body: json ? (JSON.parse(text) as ApiAnswer["body"]) : { message: text },
            warnings: warnings.map(([, warning]) => warning.replace(/\\(.)/g, "$1")),
          });
        });
      });
      call.once("error", reject);
      call.end(body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body));
    });
  return {
    url,
    get kubeconfig() {
      return kubeconfig();
    },
    get kubeconfigFile() {
      const file = join(folder, "kubeconfig");
      writeFileSync(file, kubeconfig(), { mode: 0o600 });
      return file;
    },
    etcd,
    request: ask,
    anonymously: (path) => send("GET", path, {}),
    get: async (object) => ask("GET", await pathOf(ask, object)),
    setStatus: async (object, status) =>
      ask("PATCH", `${await pathOf(ask, object)}/status`, { status }, "application/merge-patch+json"),
    apply: async (object, { dryRun = false } = {}) => {
      const { namespace } = object.metadata;
      if (namespace !== undefined) await ask("POST", "/api/v1/namespaces", { metadata: { name: namespace } });
      const query = `fieldManager=test&force=true&fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`;
      return ask("PATCH", `${await pathOf(ask, object)}?${query}`, object, "application/apply-patch+yaml");
    },
    stop,
  };
}

/** An object's path, by what the API server says of its kind. Throws if it knows no such kind. */
async function pathOf(ask: KubeApi["request"], { apiVersion, kind, metadata }: ApiObject): Promise<string> {
  const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const { body } = await ask("GET", root);
  const resources = (body.resources ?? []) as { name: string; kind: string; namespaced: boolean }[];
  const resource = resources.find((found) => found.kind === kind && !found.name.includes("/"));
  if (resource === undefined) throw new Error(`the API server knows no ${kind} in ${apiVersion}`);
  const place = resource.namespaced ? `/namespaces/${metadata.namespace ?? "default"}` : "";
  return `${root}${place}/${resource.name}/${metadata.name}`;
}

/** Conversions are left out: they would ask a webhook, and only one version of each kind is asked for here. */
async function installCrds(api: KubeApi, texts: readonly string[]): Promise<void> {
  const crds = texts
    .flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as ApiObject | null))
    .filter((object) => object?.kind === "CustomResourceDefinition")
    .map((object) => {
      const { conversion, ...spec } = (object as unknown as { spec: Record<string, unknown> }).spec;
      return {
        ...object,
        spec: conversion === undefined ? spec : { ...spec, conversion: { strategy: "None" } },
      } as ApiObject;
    });
  const root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  for (const crd of crds) {
    const { status, body } = await api.request("POST", root, crd);
    if (status !== 201) throw new Error(`${crd.metadata.name}: ${body.message}`);
  }
  await waitFor("custom resources to be served", 60_000, async () => {
    const { body } = await api.request("GET", root);
    const items = (body.items ?? []) as { status: { conditions?: { type: string; status: string }[] } }[];
    const established = items.filter(({ status }) =>
      status.conditions?.some(({ type, status: is }) => type === "Established" && is === "True"),
    );
    return established.length === crds.length ? true : undefined;
  });
}
