/**
 * The test lab's secrets, and the search for them. Each has a core of letters and digits that occurs nowhere else and
 * survives any quoting; around it stand the characters that break careless quoting.
 */
import { gunzipSync } from "node:zlib";

const passwordCharacters = `'"\\$x$(y)%s{{z}};#!&<>?*~\``;

/** Given to the stack before its other secrets are generated. A BGP password knows no space, `|` or other alphabet. */
export const labSecrets = {
  vcenterPassword: `CanaryVcenter7f3a ${passwordCharacters} |ü€`,
  bgpPasswords: JSON.stringify({
    upstream: `CanaryUpstream9b1c${passwordCharacters}`,
    clusters: {
      management: `!#CanaryManagement4d2e${passwordCharacters}`,
      workloads: `${passwordCharacters}CanaryWorkloads8a6f`,
    },
  }),
} as const;

/** A secret to look for. */
export interface Canary {
  readonly name: string;
  readonly core: string;
}

const afterHeader = (pem: string): string => {
  const lines = pem.trim().split("\n");
  const body = lines.slice(1, -1).join("");
  // The end of a key's body is the key; its beginning is the same in all keys of a kind.
  return body.slice(-48, -8);
};

/** The canaries among a stack's values, as `Stack.values` gives them. Throws unless there are ten. */
export function canariesOf(values: Readonly<Record<string, string>>): Canary[] {
  const json = (key: string) => JSON.parse(values[key] ?? "null") as unknown;
  const pairs = json("sshHostKeys") as Record<string, { privateKey: string }>;
  const bgp = json("bgpPasswords") as { upstream: string; clusters: Record<string, string> };
  const core = (text: string) => {
    const found = text.match(/[A-Za-z0-9_-]{16,}/g)?.sort((a, b) => b.length - a.length)[0];
    if (found === undefined) throw new Error("a canary has no run of 16 letters and digits to look for");
    return found;
  };
  const canaries = [
    { name: "vcenterPassword", core: core(values.vcenterPassword) },
    { name: "activeDirectoryPassword", core: core(values.activeDirectoryPassword) },
    { name: "deployKey", core: afterHeader((json("deployKey") as { privateKey: string }).privateKey) },
    { name: "verifyKey", core: afterHeader((json("verifyKey") as { privateKey: string }).privateKey) },
    { name: "meshCa", core: afterHeader((json("meshCa") as { privateKey: string }).privateKey) },
    { name: "bgpPasswords.upstream", core: core(bgp.upstream) },
    ...Object.entries(bgp.clusters).map(([name, text]) => ({ name: `bgpPasswords.${name}`, core: core(text) })),
    ...Object.entries(pairs).map(([name, { privateKey }]) => ({
      name: `sshHostKeys.${name}`,
      core: afterHeader(privateKey),
    })),
    ...Object.entries(json("encryptionKeys") as Record<string, string>).map(([name, key]) => ({
      name: `encryptionKeys.${name}`,
      core: key,
    })),
  ];
  if (canaries.length < 10) throw new Error(`only ${canaries.length} canaries`);
  return canaries;
}

/** The three texts of which one is part of any base64 that holds `core`, wherever in it `core` begins. */
function inBase64(core: string): string[] {
  return [0, 1, 2].map((offset) => {
    const text = Buffer.from(" ".repeat(offset) + core).toString("base64");
    // The first and last characters also hold bits of what stands beside the core.
    return text.slice(offset === 0 ? 0 : 4, -4);
  });
}

/** Names of the canaries that a text holds: in clear, in base64 (also twice), or gzipped in base64. */
export function findCanaries(text: string, canaries: readonly Canary[], depth = 3): string[] {
  const unwrapped = text.replace(/\\+[nr]|\s/g, "");
  const here = canaries.filter(({ core }) =>
    [core, ...inBase64(core)].some((form) => text.includes(form) || unwrapped.includes(form)),
  );
  const below = depth === 0 ? [] : packedTexts(text).flatMap((inner) => findCanaries(inner, canaries, depth - 1));
  return [...new Set([...here.map(({ name }) => name), ...below])];
}

function packedTexts(text: string): string[] {
  return (text.match(/[A-Za-z0-9+/]{24,}={0,2}/g) ?? []).flatMap((token) => {
    const bytes = Buffer.from(token, "base64");
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) {
      const inner = bytes.toString("latin1");
      // Only what is text can be base64 again; everything else was found by its alignments above.
      return /^[\x09\x0a\x0d\x20-\x7e]+$/.test(inner) ? [inner] : [];
    }
    try {
      return [gunzipSync(bytes).toString("utf8")];
    } catch {
      return [];
    }
  });
}
