/** The root file systems whose programs read what the renderers write: the lab's templates. */
import { consoleProgress } from "../../lab/progress";
import { ensureRoot } from "../../lab/roots";
import { nodeRoot } from "../../lab/roots/node";
import { preparedRoot } from "../../lab/roots/prepared";
import { ensureToolchain } from "../../lab/toolchain";

let root: Promise<string> | undefined;
let nodes: Promise<string> | undefined;

async function prepare(): Promise<string> {
  const progress = consoleProgress();
  const { paths } = await ensureToolchain({ progress, names: ["dex"] });
  return ensureRoot(preparedRoot([{ source: paths.dex, target: "/usr/local/bin/dex" }]), progress);
}

/** Folder of the root; built at the first call ever (minutes), kept in the lab's cache. READER_ROOT names another one. */
export function readerRoot(): Promise<string> {
  root ??= process.env.READER_ROOT ? Promise.resolve(process.env.READER_ROOT) : prepare();
  return root;
}

async function prepareNode(): Promise<string> {
  const progress = consoleProgress();
  const { paths } = await ensureToolchain({ progress, names: ["kubeadm", "kubelet", "kubectl"] });
  return ensureRoot(nodeRoot(paths), progress);
}

/** The same for the node template: kubeadm, kubelet and containerd. */
export function nodeReaderRoot(): Promise<string> {
  nodes ??= prepareNode();
  return nodes;
}
