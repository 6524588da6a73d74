import type { HostFile } from "./host-content";
import { rootFile } from "./host-file";

const everyInterface = (key: string, value: number, family: "ipv4" | "ipv6" = "ipv4") =>
  ["all", "default"].map((name) => [`net.${family}.conf.${name}.${key}`, value] as const);

/** Kernel settings of every host; a role's own file sorts after this one and wins. Source: Documentation/networking/ip-sysctl. */
export function sysctlFile(): HostFile {
  const settings: (readonly [string, number])[] = [
    ...everyInterface("rp_filter", 1),
    ...everyInterface("accept_redirects", 0),
    ...everyInterface("secure_redirects", 0),
    ...everyInterface("send_redirects", 0),
    ...everyInterface("accept_source_route", 0),
    ["net.ipv4.icmp_echo_ignore_broadcasts", 1],
    ["net.ipv4.tcp_syncookies", 1],
    ["net.ipv4.tcp_rfc1337", 1],
    // The VLAN has no IPv6: nobody may give a host an address or a route by announcing one.
    ...everyInterface("accept_ra", 0, "ipv6"),
    ...everyInterface("accept_redirects", 0, "ipv6"),
    ...everyInterface("accept_source_route", 0, "ipv6"),
    ["kernel.kptr_restrict", 2],
    ["kernel.dmesg_restrict", 1],
    ["kernel.yama.ptrace_scope", 1],
    ["kernel.unprivileged_bpf_disabled", 1],
  ];
  return rootFile(
    "/etc/sysctl.d/60-site.conf",
    settings.map(([key, value]) => `${key} = ${value}`),
  );
}
