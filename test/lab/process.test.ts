import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRunning, startDetached, stopRecorded } from "../../lab/process";

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "lab-process-"))));
afterAll(() => rm(folder, { recursive: true }));
const files = () => ({ record: join(folder, "record.json"), log: join(folder, "log") });
const isReady = (log: string) => log.includes("ready");

test("a detached program is ready when its log says so, and ends when told", async () => {
  await startDetached(["sh", "-c", "echo ready; exec sleep 600"], files(), isReady, 10_000);
  expect(await isRunning(files().record)).toBe(true);
  expect(await stopRecorded(files().record, 5000)).toBe(true);
  expect(await isRunning(files().record)).toBe(false);
});

test("one that ignores SIGTERM is ended all the same", async () => {
  await startDetached(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"], files(), isReady, 10_000);
  expect(await stopRecorded(files().record, 500)).toBe(true);
});

test("one that ends before it is ready fails with what it said", async () => {
  const start = startDetached(["sh", "-c", "echo no such thing; exit 3"], files(), isReady, 10_000);
  await expect(start).rejects.toThrow(/ended with 3: no such thing/);
});

test("a process that merely has the recorded number is not ours, and is left alone", async () => {
  await writeFile(files().record, JSON.stringify({ pid: process.pid, startTime: "1" }));
  expect(await isRunning(files().record)).toBe(false);
  expect(await stopRecorded(files().record, 500)).toBe(false);
  await expect(readFile(files().record)).rejects.toThrow("ENOENT");
});
