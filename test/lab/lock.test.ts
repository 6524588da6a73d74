import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLock } from "../../lab/lock";

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), "lab-lock-"))));
afterAll(() => rm(folder, { recursive: true }));

test("two that want one lock work one after the other", async () => {
  const events: string[] = [];
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => (release = resolve));
  const first = withLock(join(folder, "a"), async () => {
    events.push("first begins");
    await held;
    events.push("first ends");
  });
  const second = withLock(
    join(folder, "a"),
    async () => void events.push("second"),
    () => release(), // called once it waits
  );
  await Promise.all([first, second]);
  expect(events).toEqual(["first begins", "first ends", "second"]);
});

test("the lock is free again after a failure", async () => {
  const failing = withLock(join(folder, "b"), () => Promise.reject(new Error("broken")));
  await expect(failing).rejects.toThrow("broken");
  await expect(withLock(join(folder, "b"), () => Promise.resolve("done"))).resolves.toBe("done");
});
