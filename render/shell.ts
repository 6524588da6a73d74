/** One word of POSIX shell that stands for exactly this text, whatever it holds. */
export function quoteWord(text: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command line that passes exactly these arguments (POSIX shell). */
export function quoteCommand(words: readonly string[]): string {
  return words.map(quoteWord).join(" ");
}
