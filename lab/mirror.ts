/**
 * The site's package mirror: the part of Debian's archive that our hosts install on a plain template. Index files are
 * Debian's own, with Debian's signature, so that hosts check them as they would check a full mirror's.
 */
import { createHash } from "node:crypto";
import { copyFile, mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { AptSource } from "./apt-sources";
import { machineAptConfiguration, machineAptSources, renderAptSources } from "./apt-sources";
import { withLock } from "./lock";
import { cacheDirectory } from "./paths";
import type { Progress } from "./progress";
import { codename, runInRoot } from "./roots";
import { run } from "./run";

/** What a mirror holds. */
export interface MirrorContent {
  /** Root whose dependencies are there already: the plain template. */
  readonly root: string;
  readonly packages: readonly string[];
  /** Path below `files/`: file of this machine. */
  readonly files: Readonly<Record<string, string>>;
}

/** Counts up when the code below makes another mirror of the same content. */
const makerVersion = 2;

interface Download {
  readonly uri: string;
  /** Path below the mirror. */
  readonly path: string;
  /** `SHA256:...`, as apt's tools write it; none for what is signed in itself. */
  readonly hash?: string;
}

/** Folder of the mirror that holds a suite: the security archive is one of its own, as in Debian. */
function archiveOf(suite: string): string {
  return suite === `${codename}-security` ? "debian-security" : "debian";
}

/** Downloads with apt's own transports, so that proxies and certificates are those of the machine. */
async function fetchAll(
  folder: string,
  downloads: readonly Download[],
  onFile: (count: number) => void,
): Promise<void> {
  for (const { path } of downloads) await mkdir(dirname(join(folder, path)), { recursive: true });
  const batch = 25;
  for (let start = 0; start < downloads.length; start += batch) {
    const some = downloads.slice(start, start + batch);
    const args = some.flatMap(({ uri, path, hash }) => [uri, join(folder, path), hash ?? ""]);
    await run(["/usr/lib/apt/apt-helper", "download-file", ...args]);
    onFile(Math.min(start + batch, downloads.length));
  }
}

/** SHA-256 of an index file, from the signed InRelease that lists it. */
export function listedHash(inRelease: string, path: string): string {
  const section = /^SHA256:\n((?: .*\n?)*)/m.exec(inRelease)?.[1] ?? "";
  const line = section.split("\n").find((each) => each.trim().split(/\s+/)[2] === path);
  if (!line) throw new Error(`InRelease lists no SHA-256 of ${path}`);
  return line.trim().split(/\s+/)[0];
}

async function fetchIndexes(folder: string, sources: readonly AptSource[]): Promise<void> {
  for (const { uri, suite } of sources) {
    const distribution = `${archiveOf(suite)}/dists/${suite}`;
    await fetchAll(
      folder,
      [{ uri: `${uri}/dists/${suite}/InRelease`, path: `${distribution}/InRelease` }],
      () => undefined,
    );
    const inRelease = await readFile(join(folder, distribution, "InRelease"), "utf8");
    const index = "main/binary-amd64/Packages.xz";
    const hash = listedHash(inRelease, index);
    const path = `${distribution}/${index}`;
    await fetchAll(folder, [{ uri: `${uri}/dists/${suite}/${index}`, path, hash: `SHA256:${hash}` }], () => undefined);
    // Debian's archive says "Acquire-By-Hash: yes": apt asks for this name first.
    const byHash = join(folder, dirname(path), "by-hash", "SHA256", hash);
    await mkdir(dirname(byHash), { recursive: true });
    await copyFile(join(folder, path), byHash);
  }
}

/** What apt would download into the plain template, found with apt itself and without changing the root. */
async function wantedPackages(content: MirrorContent, sources: readonly AptSource[]): Promise<Download[]> {
  // Without the forced hash, apt names none for archives whose index has no MD5, as Debian's security archive.
  const apt =
    "apt-get -qq -o Acquire::ForceHash=SHA256 -c /run/machine.conf -o Dir::State::Lists=/run/lists -o Dir::Cache=/run/cache";
  const script = `mkdir -p /run/lists/partial /run/cache/archives/partial
printf '%s' "$1" > /run/machine.conf; cat > /run/sources.list
${apt} -o Dir::Etc::SourceList=/run/sources.list update
shift; ${apt} -o Dir::Etc::SourceList=/run/sources.list install --print-uris --yes --no-install-recommends "$@"`;
  const configuration = await machineAptConfiguration();
  const command = ["sh", "-ec", script, "sh", configuration, ...content.packages];
  const output = await runInRoot(content.root, command, { input: renderAptSources(sources) });
  const lines = output.split("\n").filter((line) => line.startsWith("'"));
  return lines.map((line) => {
    const [, uri, hash] = /^'([^']+)' \S+ \d+ (SHA256:\S+)$/.exec(line) ?? [];
    if (!uri || !hash) throw new Error(`apt-get --print-uris: no address with a SHA-256 in ${line}`);
    const source = sources.find((each) => uri.startsWith(`${each.uri}/pool/`));
    if (!source) throw new Error(`${uri}: comes from none of the machine's archives`);
    return { uri, path: join(archiveOf(source.suite), decodeURIComponent(uri.slice(source.uri.length))), hash };
  });
}

/** Until when apt accepts the mirror's index files; some suites' signatures run out after a week. */
export function validUntil(inReleases: readonly string[]): number {
  const ends = inReleases
    .flatMap((text) => /^Valid-Until: (.+)$/m.exec(text)?.[1] ?? [])
    .map((date) => Date.parse(date));
  return Math.min(...ends, Number.MAX_SAFE_INTEGER);
}

async function isValid(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  const texts: string[] = [];
  for (const archive of ["debian", "debian-security"]) {
    for (const suite of await readdir(join(folder, archive, "dists")).catch(() => [])) {
      texts.push(await readFile(join(folder, archive, "dists", suite, "InRelease"), "utf8"));
    }
  }
  const hour = 3_600_000;
  return validUntil(texts) > Date.now() + 12 * hour;
}

/** Fetches the mirror once, and again where Debian's signatures are about to run out. Returns its folder. */
export async function ensureMirror(content: MirrorContent, progress: Progress): Promise<string> {
  const sources = await machineAptSources(codename);
  const files = await Promise.all(
    Object.entries(content.files).map(async ([name, file]) => [
      name,
      createHash("sha256")
        .update(await readFile(file))
        .digest("hex"),
    ]),
  );
  const parts = [makerVersion, basename(content.root), content.packages, sources, files];
  const key = createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 16);
  const folder = join(cacheDirectory, "mirror", key);
  return withLock(`${folder}.lock`, async () => {
    if (await isValid(folder)) return folder;
    const making = `${folder}.making`;
    await rm(making, { recursive: true, force: true });
    await mkdir(join(making, "files"), { recursive: true });
    await progress.step(`package mirror (${content.packages.length} packages and what they need)`, async () => {
      await fetchIndexes(making, sources);
      const downloads = await wantedPackages(content, sources);
      await fetchAll(making, downloads, (count) =>
        progress.say(`package mirror: ${count} of ${downloads.length} files`),
      );
      for (const [name, file] of Object.entries(content.files)) await copyFile(file, join(making, "files", name));
    });
    await writeFile(join(making, "content.json"), `${JSON.stringify(content, null, 2)}\n`);
    await rm(folder, { recursive: true, force: true });
    await rename(making, folder);
    return folder;
  });
}
