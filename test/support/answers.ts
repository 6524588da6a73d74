/** Several questions to one machine in one session: a script goes in, what each command said comes out. */
import { randomBytes } from "node:crypto";

/** Answers by the name of their question. Throws where the script ended before its last one. */
export async function answersOf<K extends string>(
  ask: (script: string) => Promise<string>,
  questions: Readonly<Record<K, string>>,
): Promise<Record<K, string>> {
  const names = Object.keys(questions) as K[];
  // Nothing that a machine says can be taken for it.
  const mark = `== ${randomBytes(8).toString("hex")} `;
  const script = names.map((name) => `echo "${mark}${name}"\n${questions[name]}\n`).join("");
  const parts = (await ask(script)).split(mark).slice(1);
  if (parts.length !== names.length) throw new Error(`${parts.length} of ${names.length} questions: ${parts.join("")}`);
  const entries = parts.map((part) => part.slice(part.indexOf("\n") + 1).trim());
  return Object.fromEntries(entries.map((answer, index) => [names[index], answer])) as Record<K, string>;
}
