/**
 * Makes a machine its host: waits for its first boot (--first-boot), puts its files in place over SSH, and confirms over a
 * fresh connection what could lock everybody out. `up` runs it, with the request (render/place-request) on standard input.
 */
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import type { PlaceRequest } from "../render/place-request";
import { undoSeconds } from "../render/placement-script";
import { type Execute, HostKeyError, withSession } from "../verify/ssh";
import { CommandError, exitCodes, runCommand } from "./command";
import { missingRoutes } from "./router-routes";

/** Milliseconds in which a host that does not answer may begin to: sshd starts a little after the network does. */
const patience = { boot: 90_000, change: 20_000 } as const;

/** Milliseconds in which the fresh connection must succeed; the host waits longer before it takes the change back. */
const confirmPatience = (undoSeconds - 8) * 1000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Works on the host once it answers. What a command says is final; only connections are tried again. */
async function patiently<T>(request: PlaceRequest, limit: number, work: (run: Execute) => Promise<T>): Promise<T> {
  const deadline = Date.now() + limit;
  for (;;) {
    let connected = false;
    try {
      return await withSession(request.target, request.hop, (run) => {
        connected = true;
        return work(run);
      });
    } catch (error) {
      if (connected || error instanceof HostKeyError || Date.now() >= deadline) throw error;
    }
    await sleep(1000);
  }
}

/** Once a host has its own key, nobody is believed who shows the first boot's. */
const byOwnKey = (request: PlaceRequest): PlaceRequest => ({
  ...request,
  target: { ...request.target, firstBootKey: undefined },
});

/** A router is touched only while each other one carries every route that it does itself. */
async function assertOthersCarry(request: PlaceRequest): Promise<void> {
  const { others, routes } = request;
  if (routes === undefined) return;
  const deadline = Date.now() + patience.change;
  for (const other of others) {
    for (;;) {
      const [own, theirs] = await Promise.all(
        [request.target, other].map((target) => withSession(target, request.hop, (run) => run(routes))),
      );
      const missing = missingRoutes(own ?? "", theirs ?? "");
      if (missing.length === 0) break;
      if (Date.now() >= deadline)
        throw new Error(
          `${request.target.name} was not touched: ${other.name} does not carry ${missing.join(", ")}. Mend ${other.name} first.`,
        );
      await sleep(1000);
    }
  }
}

/** What a change that locks us out leaves behind: nothing, once the host's timer has run. */
async function lockedOut(request: PlaceRequest, reason: string): Promise<never> {
  const { name } = request.target;
  try {
    await sleep(undoSeconds * 1000 - confirmPatience);
    await patiently(request, patience.change, (run) => run("true"));
  } catch (error) {
    throw new Error(
      `${name}: the change locked us out (${reason}), and the host has not come back: ${messageOf(error)}`,
    );
  }
  throw new Error(
    `${name}: the change would have locked us out (${reason}). The host has taken it back by itself, and answers again.`,
  );
}

async function place(request: PlaceRequest, firstBoot: boolean): Promise<string> {
  const { placement } = request;
  if (!firstBoot) await assertOthersCarry(request);
  const said = await patiently(request, firstBoot ? patience.boot : patience.change, async (run) => {
    if (firstBoot) await run(request.readiness);
    return run(placement.command, { input: Readable.from([placement.stdin]) });
  });
  const lines = said.trimEnd().split("\n");
  if (lines.at(-1) !== "armed") return said;
  try {
    await patiently(byOwnKey(request), confirmPatience, (run) => run(placement.confirm));
  } catch (error) {
    await lockedOut(request, messageOf(error));
  }
  return `${lines.slice(0, -1).join("\n")}\n`;
}

void runCommand({
  help: "Run by `up`: node tools/place-files.js [--first-boot] < request",
  options: { "first-boot": { type: "boolean", default: false } },
  run: async (options) => {
    const request = JSON.parse(await text(process.stdin)) as PlaceRequest;
    const firstBoot = options["first-boot"] === true;
    try {
      process.stdout.write(await place(firstBoot ? request : byOwnKey(request), firstBoot));
      return exitCodes.done;
    } catch (error) {
      throw new CommandError(messageOf(error));
    }
  },
});
