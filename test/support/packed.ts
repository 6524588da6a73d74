/** Text as guestinfo carries it. */
import { gunzipSync } from "node:zlib";

/** What a string says once base64, and gzip below it, are undone; empty where it is neither. */
export function unpacked(text: string): string[] {
  if (text.length < 16 || !/^[A-Za-z0-9+/\n]+={0,2}\n?$/.test(text)) return [];
  const bytes = Buffer.from(text, "base64");
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return [(isGzip ? gunzipSync(bytes) : bytes).toString("utf8")];
}
