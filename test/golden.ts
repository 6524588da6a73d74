/** Golden files: what a renderer writes, kept where a person can read it and a change shows in the review. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Compares with `test/render/golden/<name>`; `UPDATE_GOLDEN=1` writes it instead. A missing file fails. */
export function expectGolden(name: string, actual: string): void {
  const path = join(__dirname, "render", "golden", name);
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, actual);
    return;
  }
  if (!existsSync(path)) throw new Error(`${path} is missing: look at the output, then run with UPDATE_GOLDEN=1.`);
  expect(actual).toBe(readFileSync(path, "utf8"));
}
