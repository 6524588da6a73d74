import { readFileSync } from "node:fs";
import { join } from "node:path";
import { realReader } from "../../real-reader";

/** What cloud-init made of a VM's guestinfo. */
export interface ReadGuestinfo {
  readonly metadata: Record<string, unknown>;
  readonly text: string;
  /** What `write_files` writes, by path. */
  readonly files: Record<string, string>;
  /** systemd-networkd's files by path. */
  readonly networkd: Record<string, string>;
}

/** Has the prepared template's cloud-init read the values. */
export async function readGuestinfo(values: Record<string, string>): Promise<ReadGuestinfo> {
  const files = [
    { path: "/read.py", content: readFileSync(join(__dirname, "read-guestinfo.py"), "utf8") },
    { path: "/values.json", content: JSON.stringify(values) },
  ];
  const { code, stdout, stderr } = await realReader(files, ["sh", "-c", "python3 /read.py < /values.json"]);
  if (code !== 0) throw new Error(`cloud-init could not read the guestinfo: ${stderr}`);
  return JSON.parse(stdout) as ReadGuestinfo;
}
