import type { Progress } from "./progress";
import { run } from "./run";

/** Debian packages that the machine needs for the lab, each with the program it is needed for. */
export const hostPackages = {
  mmdebstrap: "makes the guests' root file systems",
  "systemd-container": "systemd-nspawn, which boots the guests",
  iproute2: "network namespaces, bridges, addresses",
  nftables: "nft, which checks the rules of gw before they are loaded",
  "apt-utils": "apt-ftparchive, which indexes the lab's package mirror",
  gcc: "builds dex, whose SQLite storage is C",
  "libc6-dev": "the headers and static library that gcc needs",
  patch: "changes upstream's code where a program's README says so",
  openssl: "the lab's certificates",
  "openssh-client": "ssh and ssh-keygen",
  "xz-utils": "reads packages",
  "util-linux": "nsenter, unshare, flock, mount",
} as const;

async function missingPackages(names: readonly string[]): Promise<string[]> {
  const query = await run(["dpkg-query", "-W", "-f", "${db:Status-Abbrev}${Package}\\n", ...names], { accept: [0, 1] });
  const installed = new Set(
    query.stdout
      .split("\n")
      .filter((line) => line.startsWith("ii "))
      .map((line) => line.slice(3).trim()),
  );
  return names.filter((name) => !installed.has(name));
}

/** Installs those of these Debian packages that are missing; costs one query where none is. */
export async function ensurePackages(names: readonly string[], progress: Progress): Promise<void> {
  const missing = await missingPackages(names);
  if (missing.length === 0) return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  // Another apt may be at work: wait for its lock instead of failing.
  const apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-qq"];
  await progress.step(`Debian packages: ${missing.join(", ")}`, async () => {
    await run([...apt, "update"], { env });
    await run([...apt, "install", "-y", "--no-install-recommends", ...missing], { env });
  });
}

/** Installs what the lab needs. */
export const ensureHostPackages = (progress: Progress): Promise<void> =>
  ensurePackages(Object.keys(hostPackages), progress);
