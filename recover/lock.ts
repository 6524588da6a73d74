/** The lock of a stack, by pulumi's own words, and whether its holder is dead. */

/** A lock in a state that lies in a file or an object store: who made it, where and when. */
export interface Lock {
  readonly user: string;
  readonly host: string;
  readonly pid: number;
  readonly since: Date;
}

/** What pulumi says of locks: the holders that it names, or its words where it names none (Pulumi Cloud). */
export type LockAnswer = { readonly locks: readonly Lock[] } | { readonly unnamed: string } | undefined;

/** Source: pulumi pkg/backend/diy/lock.go `checkForLock`; pkg/backend/httpstate answers a conflict. */
const holder = /: created by (\S+)@(\S+) \(pid (\d+)\) at (\S+)/g;

/** Reads the output of a command that wanted the lock and failed; undefined where the lock was not the reason. */
export function locksIn(output: string): LockAnswer {
  if (/Another update is currently in progress/.test(output)) return { unnamed: "another update is in progress" };
  const count = /currently locked by (\d+) lock\(s\)/.exec(output)?.[1];
  if (count === undefined) return undefined;
  const locks = [...output.matchAll(holder)].map(([, user = "", host = "", pid, since = ""]): Lock => ({
    user,
    host,
    pid: Number(pid),
    since: new Date(since),
  }));
  // A holder that we cannot read is one that nobody has proven dead.
  return locks.length === Number(count) ? { locks } : { unnamed: `locked by ${count}, not all of them readable` };
}

/** A process of this machine. */
export interface Process {
  /** The program's name, as the kernel has it. */
  readonly program: string;
  readonly started: Date;
}

/** What is known of the machine that recovery runs on. */
export interface Machine {
  readonly hostName: string;
  /** The living process of a number; `unknown` where this system does not tell. */
  process(pid: number): Process | "unknown" | undefined;
}

export interface HolderVerdict {
  readonly dead: boolean;
  readonly why: string;
}

/** A holder is dead only where that is proven: on its own machine, where its process is no more. */
export function judgeHolder(lock: Lock, machine: Machine): HolderVerdict {
  if (lock.host !== machine.hostName) {
    return {
      dead: false,
      why: `it ran on ${lock.host}, this is ${machine.hostName}: only there can it be proven dead`,
    };
  }
  const found = machine.process(lock.pid);
  if (found === undefined) return { dead: true, why: `${lock.host} has no process ${lock.pid} any more` };
  if (found === "unknown")
    return { dead: false, why: `process ${lock.pid} lives, and this system does not say since when` };
  // Both must speak for another process: a clock that was set looks like a later start.
  const another = found.started.getTime() > lock.since.getTime() + 1000 && !found.program.startsWith("pulumi");
  return another
    ? { dead: true, why: `process ${lock.pid} is ${found.program} by now, started after the lock was made` }
    : { dead: false, why: `process ${lock.pid} (${found.program}) lives` };
}
