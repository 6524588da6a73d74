/** Text as guestinfo and cloud-init carry it: base64, with gzip below it or without, also one within the other. */
import { gunzipSync } from "node:zlib";

/** What the base64 in a text says, and the base64 in that; empty where there is none. */
export function unpacked(text: string): string[] {
  const runs = text.match(/[A-Za-z0-9+/]{16,}={0,2}/g) ?? [];
  return runs.map(decode).flatMap((inner) => [inner, ...unpacked(inner)]);
}

function decode(run: string): string {
  const bytes = Buffer.from(run, "base64");
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return (isGzip ? gunzipSync(bytes) : bytes).toString("utf8");
}
