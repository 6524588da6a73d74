/** What a stack's generated secrets lack, and the values that complete them; what is there stays as it is. */
import { missingParts, type SecretNeeds } from "../config/secret-needs";
import { generatedSecrets, secretSchemas, type SecretName, type Secrets } from "../config/secrets";
import { CommandError } from "./command";
import { generateEncryptionKey, generatePassword, generateSshKeyPair } from "./secret-values";

type GeneratedSecret = (typeof generatedSecrets)[number];

/** Secrets as they are set now, parsed; absent where they are not. */
export type CurrentSecrets = Readonly<Partial<Secrets>>;

export interface Completion {
  /** Whole new values of the keys that change. */
  readonly values: Readonly<Partial<Secrets>>;
  /** What is new, by path: `bgpPasswords.clusters.management`. */
  readonly made: readonly string[];
}

/** Parses what a stack holds. A malformed secret is refused by name: overwriting it is a human's decision. */
export function parseCurrent(stack: string, texts: ReadonlyMap<string, string>, project: string): CurrentSecrets {
  const parsed = generatedSecrets.flatMap((key): [string, unknown][] => {
    const text = texts.get(`${project}:${key}`);
    if (!text) return [];
    const value = secretSchemas[key].safeParse(parseJson(text));
    if (!value.success) {
      throw new CommandError(
        `${stack}: ${key} is set, but malformed. Remedy: pulumi config rm ${key} --stack ${stack}, then run this again`,
      );
    }
    return [[key, value.data]];
  });
  return Object.fromEntries(parsed) as CurrentSecrets;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Rotating them needs more than a new value: old and new key side by side until everything is encrypted anew. */
const notRotatable: readonly string[] = ["encryptionKeys", "backupKeys.password"];

const isRotatable = (name: string): boolean =>
  notRotatable.every((fixed) => name !== fixed && !name.startsWith(`${fixed}.`) && !fixed.startsWith(`${name}.`));

/** Everything that `--rotate` takes for a site: a secret, or a part of one. Throws on what is none. */
export function checkRotation(names: readonly string[], needs: SecretNeeds): void {
  const known = needs.keys
    .filter(isGenerated)
    .flatMap((key) => [key, ...(needs.parts[key] ?? []).map((part) => `${key}.${part}`)])
    .filter(isRotatable);
  for (const name of names) {
    if (!isRotatable(name)) {
      throw new CommandError(
        `${name}: cannot be rotated by a new value alone: what it encrypted could not be read any more`,
      );
    }
    if (!known.includes(name)) throw new CommandError(`${name}: nothing to rotate; there are ${known.join(", ")}`);
  }
}

const isGenerated = (key: SecretName): key is GeneratedSecret => (generatedSecrets as readonly string[]).includes(key);

/**
 * Completes one stack's secrets.
 * @param rotate secrets, or parts of them, that get a new value though they have one
 * @param meshCa the CA that the meshed sites share; absent where the site meshes with none
 */
export function completeSecrets(
  site: string,
  needs: SecretNeeds,
  current: CurrentSecrets,
  rotate: readonly string[],
  meshCa: Secrets["meshCa"] | undefined,
): Completion {
  const kept = Object.fromEntries(
    Object.entries(current)
      .filter(([key]) => !rotate.includes(key))
      .map(([key, value]) => [key, without(value, rotatedParts(key, rotate))]),
  ) as CurrentSecrets;
  const fill = <T>(key: SecretName, make: (part: string) => T): [string, T][] =>
    missingParts(key, kept[key], needs).map((part) => [part, make(part)]);

  const hostKeys = fill("sshHostKeys", (host) => generateSshKeyPair(`${host}@${site}`));
  const passwords = fill("bgpPasswords", generatePassword);
  const encryption = fill("encryptionKeys", generateEncryptionKey);
  const backup = needs.keys.includes("backupKeys") ? missingParts("backupKeys", kept.backupKeys, needs) : [];
  const backupKeys: Secrets["backupKeys"] = {
    ...kept.backupKeys,
    password: kept.backupKeys?.password ?? generatePassword(),
    ...(backup.includes("ssh") ? { ssh: generateSshKeyPair(`backup@${site}`) } : {}),
  };
  const upstream = passwords.find(([part]) => part === "upstream")?.[1];
  const ofClusters = passwords
    .filter(([part]) => part !== "upstream")
    .map(([part, value]): [string, string] => [part.replace(/^clusters\./, ""), value]);

  const values: Partial<Secrets> = {
    ...(kept.deployKey === undefined ? { deployKey: generateSshKeyPair(`deploy@${site}`) } : {}),
    ...(kept.verifyKey === undefined ? { verifyKey: generateSshKeyPair(`verify@${site}`) } : {}),
    ...(hostKeys.length > 0 ? { sshHostKeys: { ...kept.sshHostKeys, ...Object.fromEntries(hostKeys) } } : {}),
    ...(passwords.length > 0
      ? {
          bgpPasswords: {
            ...kept.bgpPasswords,
            ...(upstream === undefined ? {} : { upstream }),
            clusters: { ...kept.bgpPasswords?.clusters, ...Object.fromEntries(ofClusters) },
          },
        }
      : {}),
    ...(encryption.length > 0 ? { encryptionKeys: { ...kept.encryptionKeys, ...Object.fromEntries(encryption) } } : {}),
    ...(meshCa !== undefined && kept.meshCa === undefined ? { meshCa } : {}),
    ...(backup.length > 0 ? { backupKeys } : {}),
  };
  return {
    values,
    made: [
      ...(["deployKey", "verifyKey", "meshCa"] as const).filter((key) => values[key] !== undefined),
      ...hostKeys.map(([part]) => `sshHostKeys.${part}`),
      ...passwords.map(([part]) => `bgpPasswords.${part}`),
      ...encryption.map(([part]) => `encryptionKeys.${part}`),
      ...backup.map((part) => `backupKeys.${part}`),
    ],
  };
}

const rotatedParts = (key: string, rotate: readonly string[]): string[] =>
  rotate.filter((name) => name.startsWith(`${key}.`)).map((name) => name.slice(key.length + 1));

/** A copy of a structured value without the members at `paths`. */
function without(value: unknown, paths: readonly string[]): unknown {
  if (typeof value !== "object" || value === null || paths.length === 0) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => !paths.includes(key))
      .map(([key, child]) => [
        key,
        without(
          child,
          paths.filter((path) => path.startsWith(`${key}.`)).map((path) => path.slice(key.length + 1)),
        ),
      ]),
  );
}
