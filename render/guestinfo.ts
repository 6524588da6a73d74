import { gzipSync, strToU8 } from "fflate";

/** fflate and not zlib: zlib's bytes differ with its version and the processor, and another byte would replace the VM. */
const pack = (text: string): string => Buffer.from(gzipSync(strToU8(text), { level: 9, mtime: 0 })).toString("base64");

/** A VM's `extraConfig` as cloud-init's VMware datasource reads it: gzip, then base64. Holds whatever secrets the user-data holds. */
export function guestinfo(userData: string, metadata: string): Record<string, string> {
  return {
    "guestinfo.metadata": pack(metadata),
    "guestinfo.metadata.encoding": "gzip+base64",
    "guestinfo.userdata": pack(userData),
    "guestinfo.userdata.encoding": "gzip+base64",
  };
}
