/**
 * What a client sees of a failure: new TCP connections at a steady rate to one address, until standard input ends.
 *
 * As a program: `node connect-probe.js ADDRESS PORT`, which prints a ConnectReport as JSON when it ends.
 */
import { connect } from "node:net";

export interface ConnectReport {
  readonly attempts: number;
  readonly lost: number;
  /** From the first lost attempt to the end of the last one's interval; 0 where none was lost. */
  readonly lostMilliseconds: number;
  /** Error codes of lost attempts, and how many had each. */
  readonly reasons: Readonly<Record<string, number>>;
}

const perSecond = 100;

/** A SYN that was lost is sent again after a second (RFC 6298 §2): whoever needs a second one lost the first. */
const patience = 900;

function attempt(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (reason: string | undefined) => {
      clearTimeout(limit);
      socket.destroy();
      resolve(reason);
    };
    const limit = setTimeout(() => done("no answer"), patience);
    socket.once("connect", () => done(undefined));
    socket.once("error", (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}

async function probe(host: string, port: number, ended: Promise<unknown>): Promise<ConnectReport> {
  const interval = 1000 / perSecond;
  const began = performance.now();
  const attempts: Promise<{ readonly at: number; readonly reason: string | undefined }>[] = [];
  let over = false;
  void ended.then(() => (over = true));
  while (!over) {
    // A timer that comes late makes up for what it missed: the rate is the rate.
    for (; attempts.length * interval <= performance.now() - began;) {
      const at = performance.now();
      attempts.push(attempt(host, port).then((reason) => ({ at, reason })));
    }
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
  const all = await Promise.all(attempts);
  const lost = all.filter(({ reason }) => reason !== undefined);
  const reasons: Record<string, number> = {};
  for (const { reason } of lost) reasons[reason!] = (reasons[reason!] ?? 0) + 1;
  return {
    attempts: all.length,
    lost: lost.length,
    lostMilliseconds: lost.length === 0 ? 0 : Math.round(lost.at(-1)!.at - lost[0].at + interval),
    reasons,
  };
}

async function main(): Promise<void> {
  const [host, port] = process.argv.slice(2);
  const ended = new Promise((resolve) => process.stdin.once("end", resolve).resume());
  console.log(JSON.stringify(await probe(host, Number(port), ended)));
}

if (require.main === module) void main();
