/** Where backups are worked on. */
import { managementFolder } from "./data-disk";

/** Who works on the repository or on the management plane's data holds it; one at a time. */
export const backupLock = "/run/backup.lock";

/** Snapshots lie here until they are delivered, and below this path in the repository: on the disk that is made for such data. */
export const backupFolder = `${managementFolder}/backup`;
