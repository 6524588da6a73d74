import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run";

/** One archive of the distribution, as this machine reaches it. */
export interface AptSource {
  /** Base address of the archive, without a trailing slash. */
  readonly uri: string;
  /** E.g. `bookworm-security`. */
  readonly suite: string;
  readonly components: readonly string[];
}

const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

function fromDeb822(text: string): AptSource[] {
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const fields = new Map(
      paragraph
        .split("\n")
        .filter((line) => !line.startsWith("#") && line.includes(":"))
        .map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]),
    );
    const words = (name: string) => (fields.get(name) ?? "").split(/\s+/).filter(Boolean);
    if (!words("types").includes("deb") || fields.get("enabled") === "no") return [];
    return words("uris").flatMap((uri) =>
      words("suites").map((suite) => ({ uri, suite, components: words("components") })),
    );
  });
}

function fromOneLine(text: string): AptSource[] {
  return text
    .split("\n")
    .map((line) => /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, uri, suite, components]) => ({ uri, suite, components: components.trim().split(/\s+/) }));
}

/** Reads sources in both of apt's formats and keeps the distribution's own suites (`codename`, `codename-updates`, ...). */
export function parseAptSources(files: Readonly<Record<string, string>>, codename: string): AptSource[] {
  return Object.entries(files)
    .flatMap(([name, text]) => (name.endsWith(".sources") ? fromDeb822(text) : fromOneLine(text)))
    .filter(({ suite }) => suite === codename || suite.startsWith(`${codename}-`))
    .filter(({ suite }) => !suite.endsWith("-backports"))
    .map((source) => ({ ...source, uri: source.uri.replace(/\/+$/, "") }));
}

/** The machine's own archives of the distribution. Throws where none is configured. */
export async function machineAptSources(codename: string): Promise<AptSource[]> {
  const folder = "/etc/apt/sources.list.d";
  const parts = (await readdir(folder).catch(() => [])).filter((name) => /\.(list|sources)$/.test(name));
  const paths = ["/etc/apt/sources.list", ...parts.map((name) => join(folder, name))];
  const files: Record<string, string> = {};
  for (const path of paths) files[path] = await readFile(path, "utf8").catch(() => "");
  const sources = parseAptSources(files, codename);
  if (!sources.some(({ suite }) => suite === codename)) {
    throw new Error(
      `/etc/apt: no source has the suite ${codename}; the lab takes its packages from the machine's own sources`,
    );
  }
  return sources;
}

/** A sources.list of these archives, each trusted by the distribution's own key only. */
export function renderAptSources(sources: readonly AptSource[]): string {
  return sources
    .map(({ uri, suite, components }) => `deb [signed-by=${keyring}] ${uri} ${suite} ${components.join(" ")}\n`)
    .join("");
}

/** How this machine's apt reaches its archives (proxies and the like), as an apt.conf. */
export async function machineAptConfiguration(): Promise<string> {
  const dump = await run(["apt-config", "dump"]);
  return dump.stdout
    .split("\n")
    .filter((line) => /^Acquire::(http|https|Retries)/i.test(line) && !/::\s*"";$/.test(line))
    .map((line) => `${line}\n`)
    .join("");
}
