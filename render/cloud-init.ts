import { stringify } from "yaml";
import type { HostPlan, RegionPlan } from "../plan/model";
import { firstBoot, firstBootScript, servicePolicy } from "./first-boot";
import type { HostContent, HostFile } from "./host-content";
import { rootFile, textOf } from "./host-file";
import { firstBootRules, vlanInterface } from "./nftables";
import { hostKeyPath } from "./sshd";

/** cloud-init reads YAML 1.1, where an unquoted `yes` or `0755` is no text. */
const serialise = (value: unknown): string =>
  stringify(value, { version: "1.1", lineWidth: 0, blockQuote: "literal", aliasDuplicateObjects: false });

/** Text that every YAML reader takes as it is. PyYAML refuses tabs and rarer characters where others write them bare. */
const isPlainText = (text: string): boolean => /^[\x20-\x7e\n]*\n$/.test(text);

const fileContent = (text: string) =>
  isPlainText(text) ? { content: text } : { encoding: "b64", content: Buffer.from(text).toString("base64") };

/**
 * sshd starts before cloud-init's final stage, so what it reads is written early; so is what holds services back while
 * packages are installed. Everything else is written after the packages, when its owners exist and no package can replace it.
 */
const isNeededEarly = ({ path }: HostFile): boolean => path.startsWith("/etc/ssh/") || path === servicePolicy;

const writeFile = (file: HostFile) => ({
  path: file.path,
  owner: file.owner,
  permissions: file.mode,
  ...fileContent(file.content),
  ...(isNeededEarly(file) ? {} : { defer: true }),
});

/** Runs once, before the network is up: until first boot has finished, nothing but SSH gets in. A template without nft has nothing else to reach. */
const earlyFirewall = [
  "cloud-init-per",
  "instance",
  "first-boot-firewall",
  "sh",
  "-c",
  `command -v nft >/dev/null || exit 0\nnft -f - <<'END'\n${firstBootRules}END\n`,
];

/** The distribution's own lists would still be asked where both archives are mirrored. */
const removeDistributionSources = [
  "cloud-init-per",
  "instance",
  "distribution-sources",
  "rm",
  "-f",
  "/etc/apt/sources.list.d/debian.sources",
];

/**
 * A host holds the packages that are named, and what they need. Servers read no translated descriptions, and a mirror
 * without them would fail the whole update.
 */
const aptConf = 'APT::Install-Recommends "false";\nAcquire::Languages "none";\nAcquire::Retries "5";\n';

function apt({ packageSources }: HostContent) {
  if (packageSources === undefined) return { conf: aptConf, preserve_sources_list: true };
  const { lines, exclusive } = packageSources;
  if (exclusive) {
    return { conf: aptConf, preserve_sources_list: false, sources_list: textOf(lines) };
  }
  const sources = Object.fromEntries(lines.map((line, index) => [`site-mirror-${index + 1}.list`, { source: line }]));
  return { conf: aptConf, preserve_sources_list: true, sources };
}

/** The ssh module deletes every host key and then writes this pair, so the pair is not among the written files. */
function hostKeys({ files }: HostContent) {
  const contentOf = (path: string): string => {
    const file = files.find((each) => each.path === path);
    if (file === undefined) throw new Error(`${path} is not among the host's files: its host key would not be pinned`);
    return file.content;
  };
  return { ed25519_private: contentOf(hostKeyPath), ed25519_public: contentOf(`${hostKeyPath}.pub`) };
}

/**
 * cloud-init's user-data of a host. It holds the host's secrets: treat the text as one. Throws without a host key.
 * Source: cloud-init's module reference, held to what 22.4 (Debian 12) reads.
 */
export function renderUserData(host: HostPlan, content: HostContent): string {
  const plain = host.template.kind === "plain";
  const script = rootFile(firstBootScript, firstBoot(host, content), "0700");
  const policy = rootFile(servicePolicy, ["#!/bin/sh", "exit 101"], "0755");
  const files = content.files.filter(({ path }) => path !== hostKeyPath && path !== `${hostKeyPath}.pub`);
  const userData = {
    hostname: host.name,
    fqdn: host.fqdn,
    manage_etc_hosts: "localhost",
    // No `default` among them: the image's own account is not made.
    users: content.accounts.map(({ name }) => ({ name, lock_passwd: true, shell: "/bin/bash" })),
    disable_root: true,
    ssh_deletekeys: true,
    ssh_keys: hostKeys(content),
    ssh_publish_hostkeys: { enabled: false },
    no_ssh_fingerprints: true,
    ssh: { emit_keys_to_console: false },
    bootcmd: [earlyFirewall, ...(content.packageSources?.exclusive ? [removeDistributionSources] : [])],
    apt: apt(content),
    ...(plain ? { package_update: true, packages: content.packages } : {}),
    write_files: [script, ...(plain ? [policy] : []), ...files].map(writeFile),
    runcmd: [[firstBootScript]],
  };
  return `#cloud-config\n${serialise(userData)}`;
}

/** cloud-init's metadata of a host, for its VMware datasource: names, and the static network (version 2). */
export function renderMetadata(plan: RegionPlan, host: HostPlan): string {
  return serialise({
    "instance-id": host.vmName,
    "local-hostname": host.name,
    network: {
      version: 2,
      ethernets: {
        [vlanInterface]: {
          dhcp4: false,
          dhcp6: false,
          // Nobody announces routers on the VLAN: waiting for one would cost each boot a quarter of a minute. (cloud-init's networkd
          // renderer passes this on with DHCP only; its netplan renderer, Debian's and Ubuntu's default, always.)
          "accept-ra": false,
          mtu: plan.vlan.mtu,
          addresses: [`${host.address}/${plan.vlan.prefixLength}`],
          // cloud-init 22.4 does not know `default`.
          routes: [{ to: "0.0.0.0/0", via: plan.vlan.gateway }],
          nameservers: { addresses: plan.dns.nameservers, search: plan.dns.searchDomains },
        },
      },
    },
  });
}
