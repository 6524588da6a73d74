import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * A password with the characters that break careless quoting: in YAML, shells, LDAP filters, INI files and templates.
 * The random part is what protects it; the awkward part is what tests us.
 */
export function awkwardPassword(): string {
  return `"'\\ \${x}%s#*()&<ü> ${randomBytes(15).toString("base64url")}aA1`;
}

/** 120 random bits in characters that nothing needs to quote. */
export function randomPassword(): string {
  return `${randomBytes(15).toString("base64url")}aA1`;
}

/**
 * Reads a file of secrets, or makes it from `generate`; values that it already has stay as they are, so that a second
 * `up` finds the machines that the first one made. Readable by its owner only; written in one step.
 */
export async function ensureSecrets<K extends string>(
  file: string,
  generate: Readonly<Record<K, () => string>>,
): Promise<Readonly<Record<K, string>>> {
  const known = JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Partial<Record<K, string>>;
  const names = Object.keys(generate) as K[];
  const secrets = Object.fromEntries(names.map((name) => [name, known[name] ?? generate[name]()])) as Record<K, string>;
  if (names.every((name) => known[name] !== undefined)) return secrets;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(`${file}.next`, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.next`, file);
  return secrets;
}
