/** Tables as CSV (RFC 4180), which spreadsheets and firewall consoles import. */

/** A header and its rows; every line ends in CRLF, as the RFC has it. */
export function renderCsv(header: readonly string[], rows: readonly (readonly string[])[]): string {
  return [header, ...rows].map((row) => `${row.map(field).join(",")}\r\n`).join("");
}

const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
