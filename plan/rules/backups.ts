/** Rules about backups: who takes them, and that their target proves who it is. */
import { eachSite, type Finding, type Rule } from "./rule";

const publicKey = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+=*$/;

/** A path that neither a shell, nor restic's repository syntax, nor SFTP reads otherwise than it is written. */
const plainFolder = /^[A-Za-z0-9._/-]+$/;

export const backupRules: readonly Rule[] = [
  {
    id: "backups-target",
    states: "The backup server is known by its host key, an object store by https; folders are plain paths.",
    find: (world) =>
      eachSite(world, ["backups"], (site, { backups }): Finding[] => {
        if (backups.kind === "none") return [];
        const fault = (key: string, value: string, problem: string, remedy: string): Finding => ({
          site,
          path: `backups.${key}`,
          value,
          problem,
          remedy,
        });
        if (backups.kind === "ssh") {
          const { hostKey, path } = backups;
          return [
            ...(publicKey.test(hostKey)
              ? []
              : [
                  fault(
                    "hostKey",
                    hostKey,
                    "is no OpenSSH public key",
                    "write type and key, as in ssh-keyscan's answer without the name",
                  ),
                ]),
            ...(path.startsWith("/") && plainFolder.test(path)
              ? []
              : [fault("path", path, "is no plain absolute path", "write it as /backups/site")]),
          ];
        }
        const { url, folder } = backups;
        return [
          ...(url.startsWith("https://")
            ? []
            : [fault("url", url, "is not an https URL", "use the store's https URL")]),
          ...(folder === undefined || plainFolder.test(folder)
            ? []
            : [fault("folder", folder, "is no plain path", "use letters, digits, dots, dashes and slashes")]),
        ];
      }),
  },
  {
    id: "backups-management",
    states: "Backups are taken by capi's own management plane; an external one is backed up by who runs it.",
    find: (world) =>
      eachSite(world, ["backups", "managementPlane"], (site, { backups, managementPlane }) =>
        backups.kind !== "none" && managementPlane.kind === "external"
          ? [
              {
                site,
                path: "backups",
                value: backups.kind,
                problem: "is for a management plane on capi, and this site has an external one",
                remedy: "remove it, and back the clusters up from there (docs/backups.md)",
              },
            ]
          : [],
      ),
  },
];
