import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertFreshBuild } from "../../components/fresh-build";

let root: string;
const at = (file: string, seconds: number) => {
  writeFileSync(join(root, file), "");
  utimesSync(join(root, file), seconds, seconds);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "build-"));
  for (const folder of ["config", "plan", "render", "components/preflight", "verify", "tools", "bin", "lab"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  at("index.ts", 100);
  at("components/preflight/a.ts", 100);
  at("bin/.tsbuildinfo", 200);
});
afterEach(() => rmSync(root, { recursive: true }));

test("a build newer than all sources passes", () => {
  expect(() => assertFreshBuild(root)).not.toThrow();
});

test("a newer source is named, wherever it lies", () => {
  at("components/preflight/a.ts", 300);
  expect(() => assertFreshBuild(root)).toThrow(/components\/preflight\/a\.ts.*npm run build/);
});

test("what is no part of the product does not matter", () => {
  at("lab/a.ts", 300);
  at("config/notes.md", 300);
  expect(() => assertFreshBuild(root)).not.toThrow();
});

test("no build at all is refused", () => {
  rmSync(join(root, "bin/.tsbuildinfo"));
  expect(() => assertFreshBuild(root)).toThrow("npm run build");
});
