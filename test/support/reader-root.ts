/** The root file system whose programs read what the renderers write: the lab's prepared template. */
import { consoleProgress } from "../../lab/progress";
import { ensureRoot } from "../../lab/roots";
import { preparedRoot } from "../../lab/roots/prepared";

/** Folder of the root; built at the first call (minutes), kept in the lab's cache. READER_ROOT names another one. */
export function readerRoot(): Promise<string> {
  const given = process.env.READER_ROOT;
  return given ? Promise.resolve(given) : ensureRoot(preparedRoot([]), consoleProgress());
}
