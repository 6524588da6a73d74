import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parse, stringify } from "yaml";
import { renderRegistry } from "../../lab/fixtures/registry";
import type { ImageSettings } from "../../lab/images";
import { ensureImages } from "../../lab/images";
import type { Image } from "../../lab/images/image";
import type { Progress } from "../../lab/progress";
import { consoleProgress } from "../../lab/progress";
import { waitFor } from "../../lab/run";
import { ensureToolchain } from "../../lab/toolchain";
import { passedGoTests } from "../support/go-tests";

interface Manifest {
  readonly config: { readonly mediaType: string; readonly digest: string };
  readonly layers: {
    readonly mediaType: string;
    readonly digest: string;
    readonly annotations?: Record<string, string>;
  }[];
}

const image = (tag: string, text: string): Image => ({
  name: `registry.example/team/tool:${tag}`,
  layers: [
    { kind: "files", files: { "/etc/shared": { content: "the same in both\n" } } },
    { kind: "files", files: { "/etc/own": { content: text } } },
    { kind: "programs", programs: { "/pause": "pause" } },
  ],
  entrypoint: ["/pause"],
  user: "65535:65535",
  environment: { COLOUR: "blue" },
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("the packer passes its own tests", async () => {
  expect(await passedGoTests("images")).toContain("TestLayerHoldsFilesFoldersAndLinks");
}, 300_000);

/** What a packed store holds, as the real registry serves it. */
describe("the registry's content", () => {
  let folder: string;
  let settings: ImageSettings;
  let registry: ChildProcess;
  let url: string;
  const steps: string[] = [];

  const get = async (path: string) => {
    const accept = "application/vnd.oci.image.manifest.v1+json";
    const response = await fetch(`${url}/v2/${path}`, { headers: { accept } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  };
  const manifest = async (name: string, tag: string) =>
    JSON.parse((await get(`${name}/manifests/${tag}`)).toString()) as Manifest;
  const layersOf = () => readdirSync(join(folder, "cache", "layers"));

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "images-"));
    const chart = join(folder, "chart");
    mkdirSync(join(chart, "templates"), { recursive: true });
    writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: greeting\nversion: 1.2.3\n");
    writeFileSync(join(chart, "templates", "hello.yaml"), "kind: ConfigMap\n");
    writeFileSync(join(folder, "metadata.yaml"), "kind: Metadata\n");
    const toolchain = await ensureToolchain({
      progress: consoleProgress(),
      names: ["images", "pause", "registry"],
    });
    const progress: Progress = {
      say: (message) => void steps.push(message),
      step: async (title, work) => {
        steps.push(title);
        return await work();
      },
    };
    settings = {
      directory: join(folder, "cache"),
      images: [image("v1", "first\n"), image("v2", "second\n")],
      charts: [{ name: "charts/greeting:1.2.3", folder: chart }],
      artifacts: [{ name: "components/thing:v1", files: { "metadata.yaml": join(folder, "metadata.yaml") } }],
      toolchain,
      progress,
    };
    const store = await ensureImages(settings);
    const port = await freePort();
    const configuration = parse(renderRegistry("127.0.0.1", port)) as {
      storage: { filesystem: { rootdirectory: string } };
      http: { tls?: object };
    };
    configuration.storage.filesystem.rootdirectory = store;
    delete configuration.http.tls; // the test with containerd speaks TLS
    const file = join(folder, "registry.yaml");
    writeFileSync(file, stringify(configuration));
    registry = spawn(toolchain.paths.registry, ["serve", file], { stdio: "ignore" });
    url = `http://127.0.0.1:${port}`;
    await waitFor("the registry", 20_000, () =>
      fetch(`${url}/v2/`).then(
        ({ ok }) => ok || undefined,
        () => undefined,
      ),
    );
  }, 300_000);

  afterAll(async () => {
    if (registry.exitCode === null) {
      registry.kill();
      await once(registry, "close");
    }
    rmSync(folder, { recursive: true });
  });

  it("is images with their configuration, under upstream's registry as the first part of the path", async () => {
    const { config, layers } = await manifest("registry.example/team/tool", "v1");
    expect(layers.map(({ mediaType }) => mediaType)).toEqual(
      Array.from({ length: 3 }, () => "application/vnd.oci.image.layer.v1.tar+zstd"),
    );
    const stored = JSON.parse((await get(`registry.example/team/tool/blobs/${config.digest}`)).toString()) as object;
    expect(stored).toMatchObject({
      architecture: "amd64",
      os: "linux",
      config: {
        Entrypoint: ["/pause"],
        User: "65535:65535",
        Env: expect.arrayContaining(["COLOUR=blue"]) as string[],
      },
      rootfs: { diff_ids: [expect.any(String), expect.any(String), expect.any(String)] as string[] },
    });
    await expect(get("registry.example/team/tool/manifests/v3")).rejects.toThrow("404");
  });

  it("has layers that images share only once", async () => {
    const [first, second] = [
      await manifest("registry.example/team/tool", "v1"),
      await manifest("registry.example/team/tool", "v2"),
    ];
    const same = first.layers.map(({ digest }, index) => digest === second.layers[index].digest);
    expect(same).toEqual([true, false, true]);
    expect(layersOf()).toHaveLength(4);
  });

  it("is charts as Helm stores them", async () => {
    const { config, layers } = await manifest("charts/greeting", "1.2.3");
    expect(config.mediaType).toBe("application/vnd.cncf.helm.config.v1+json");
    expect(JSON.parse((await get(`charts/greeting/blobs/${config.digest}`)).toString())).toMatchObject({
      name: "greeting",
      version: "1.2.3",
    });
    expect(layers.map(({ mediaType }) => mediaType)).toEqual(["application/vnd.cncf.helm.chart.content.v1.tar+gzip"]);
    const archive = gunzipSync(await get(`charts/greeting/blobs/${layers[0].digest}`)).toString();
    for (const name of ["greeting/Chart.yaml", "greeting/templates/hello.yaml"]) expect(archive).toContain(name);
  });

  it("is files by their title", async () => {
    const { layers } = await manifest("components/thing", "v1");
    expect(layers[0].annotations).toEqual({ "org.opencontainers.image.title": "metadata.yaml" });
    expect((await get(`components/thing/blobs/${layers[0].digest}`)).toString()).toBe("kind: Metadata\n");
  });

  it("cannot be changed by whoever reaches the registry", async () => {
    const pushed = await fetch(`${url}/v2/charts/greeting/blobs/uploads/`, { method: "POST" });
    expect(pushed.status).toBe(405);
  });

  it("is made once, and again for what changed, from the layers that are there", async () => {
    const before = steps.length;
    const [store, layers] = [await ensureImages(settings), layersOf()];
    expect(steps).toHaveLength(before);
    const changed = await ensureImages({ ...settings, images: [settings.images[0], image("v2", "third\n")] });
    expect(changed).not.toBe(store);
    expect(layersOf()).toEqual(expect.arrayContaining(layers)); // the running registry still serves the store before
    const yesterday = new Date(Date.now() - 25 * 3_600_000);
    utimesSync(changed, yesterday, yesterday);
    const newest = await ensureImages({ ...settings, images: [image("v2", "fourth\n")] });
    expect(readdirSync(join(folder, "cache", "stores")).sort()).toEqual(
      [store, newest].map((path) => basename(path)).sort(),
    );
  });
});
