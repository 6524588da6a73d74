import type { HostFile } from "./host-content";

/** Lines as text files hold them: each one ended. */
export const textOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** A file that belongs to root. Mode: octal, four digits. */
export function rootFile(path: string, content: string | readonly string[], mode = "0644"): HostFile {
  return { path, mode, owner: "root:root", content: typeof content === "string" ? content : textOf(content) };
}
