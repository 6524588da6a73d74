/** Programs of the prepared template, run in a throw-away copy of its root: nothing that they start or write outlives them. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { run, waitFor, type RunResult } from "../../lab/run";
import { readerRoot } from "./reader-root";

/** A file as a renderer gives it; default 0644 root:root. */
export interface RootFile {
  readonly path: string;
  readonly content: string;
  readonly mode?: string;
  readonly owner?: string;
}

/** What a copy has besides files: another root than the readers', and folders or files of this machine. */
export interface CopyOptions {
  readonly root?: string;
  /** Path in the copy: path on this machine, mounted there as it is, writable. */
  readonly mounts?: Readonly<Record<string, string>>;
}

/** An overlay over the root ($1), in the namespaces that unshare made; $2 holds the files, then comes the command. */
const ENTER = [
  "root=$1 work=$2; shift 2",
  'mount -t tmpfs tmpfs "$work/scratch"',
  'mkdir "$work/scratch/upper" "$work/scratch/work" "$work/scratch/root"',
  'mount -t overlay overlay -o "lowerdir=$root,upperdir=$work/scratch/upper,workdir=$work/scratch/work" "$work/scratch/root"',
  'cd "$work/scratch/root"',
  "mount -t proc proc proc; mount --rbind /dev dev; mount -t tmpfs -o mode=755 tmpfs run; mkdir run/lock",
  'cp -a "$work/files/." .',
  'while IFS="	" read -r owner path; do chroot . chown "$owner" "$path"; done < "$work/owners"',
  'while IFS="	" read -r source target; do',
  '  if [ -d "$source" ]; then mkdir -p ".$target"; else mkdir -p ".$(dirname "$target")"; touch ".$target"; fi',
  '  mount --bind "$source" ".$target"',
  'done < "$work/mounts"',
  "ip link set lo up",
  'exec chroot . "$@"',
].join("\n");

/** Process 1 of a running copy: reaps what daemons leave behind, as an init does, and nothing else. */
const IDLE = ["bash", "-c", "sleep infinity & wait"];

const env = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", HOME: "/root" };
const isolate = ["unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--propagation", "private"];

async function prepare(files: readonly RootFile[], mounts: CopyOptions["mounts"] = {}): Promise<string> {
  const work = await mkdtemp(join(tmpdir(), "root-process-"));
  await mkdir(join(work, "scratch"));
  await mkdir(join(work, "files"));
  await chmod(join(work, "files"), 0o755);
  for (const file of files) {
    const path = join(work, "files", file.path);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, file.content);
    await chmod(path, Number.parseInt(file.mode ?? "0644", 8));
  }
  const owners = files.map((file) => `${file.owner ?? "root:root"}\t${file.path}\n`).join("");
  await writeFile(join(work, "owners"), owners);
  const listed = Object.entries(mounts).map(([target, source]) => `${source}\t${target}\n`);
  await writeFile(join(work, "mounts"), listed.join(""));
  return work;
}

/**
 * Runs `command` to its end in a copy of a root that holds `files`, with no network but loopback; the prepared template's
 * root by default. Resolves with exit code and output, whatever they are; throws if the copy cannot be made or the command
 * takes a minute.
 */
export async function runWithFiles(
  files: readonly RootFile[],
  command: readonly string[],
  template: () => Promise<string> = readerRoot,
): Promise<RunResult> {
  const root = await template();
  const work = await prepare(files);
  try {
    const enter = [...isolate, "--net", "sh", "-euc", ENTER, "enter", root, work];
    return await run([...enter, ...command], { accept: "any", env, timeout: 60_000 });
  } finally {
    await rm(work, { recursive: true });
  }
}

/** A running copy of the root in a network namespace. */
export class RootMachine {
  private constructor(
    readonly namespace: string,
    private readonly child: ChildProcess,
    private readonly leader: number,
    private readonly work: string,
  ) {}

  /** Starts a copy with `files` whose network is `namespace`; its process 1 does nothing until `stop`. */
  static async start(namespace: string, files: readonly RootFile[], options: CopyOptions = {}): Promise<RootMachine> {
    const root = options.root ?? (await readerRoot());
    const work = await prepare(files, options.mounts);
    const enter = ["sh", "-euc", ENTER, "enter", root, work, ...IDLE];
    const [program, ...args] = ["nsenter", `--net=/run/netns/${namespace}`, "--", ...isolate, ...enter];
    const child = spawn(program, args, { env, stdio: ["ignore", "inherit", "inherit"] });
    const leader = await waitFor("the root's process 1", 20_000, async () => {
      if (child.exitCode !== null) throw new Error(`exit code ${child.exitCode}`);
      const [pid] = (await readFile(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")).trim().split(" ");
      if (!pid || (await readFile(`/proc/${pid}/comm`, "utf8")) !== "bash\n") return undefined;
      return Number(pid);
    });
    return new RootMachine(namespace, child, leader, work);
  }

  /** Runs a command inside; throws RunError unless it ends with 0 within a minute, or the milliseconds given. */
  async exec(command: readonly string[], input?: string, timeout = 60_000): Promise<string> {
    const enter = ["nsenter", `--target=${this.leader}`, "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--"];
    return (await run([...enter, ...command], { env, input, timeout })).stdout;
  }

  /** Ends everything that runs inside, at once, as a power failure would. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once("close", resolve));
      this.child.kill("SIGKILL");
      await ended;
    }
    await rm(this.work, { recursive: true, force: true });
  }
}
