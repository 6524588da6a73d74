import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseSiteFiles, projectName, readSiteFile, readSiteFiles, stackNames } from "../../config/site-files";

const repository = join(__dirname, "../..");
let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "site-files-"));
  writeFileSync(join(root, "Pulumi.yaml"), "name: region\nruntime: nodejs\n");
});
afterEach(() => rmSync(root, { recursive: true }));

const write = (stack: string, text: string): void => writeFileSync(join(root, `Pulumi.${stack}.yaml`), text);
const identify = ({ site, path, rule }: { site: string; path: string; rule: string }) => [site, path, rule];

test("stacks are the files beside Pulumi.yaml, by name", () => {
  write("b", "config: {}");
  write("a", "config: {}");
  writeFileSync(join(root, "Pulumi.notes.txt"), "");
  expect(stackNames(root)).toEqual(["a", "b"]);
  expect(projectName(root)).toBe("region");
});

test("a file holds its own project's values; other namespaces and secrets are not part of a site", () => {
  write(
    "a",
    "config:\n  region:parentDomain: example.org\n  vsphere:user: someone\n  region:vcenterPassword: {secure: v1:x}\n",
  );
  expect(readSiteFiles(root)).toMatchObject([
    { stack: "a", site: "a", values: { parentDomain: "example.org" }, secrets: ["vcenterPassword"], faults: [] },
  ]);
});

test("a secret in clear is a fault whose text does not hold it, also where only a part is in clear", () => {
  write(
    "a",
    "config:\n  region:vcenterPassword: hunter2\n  region:bgpPasswords: {upstream: {secure: x}, clusters: {c: hunter2}}\n",
  );
  const [file] = readSiteFiles(root);
  expect(file?.faults.map(identify)).toEqual([
    ["a", "vcenterPassword", "secret-in-clear"],
    ["a", "bgpPasswords", "secret-in-clear"],
  ]);
  expect(JSON.stringify(file)).not.toContain("hunter2");
});

test("structured secrets that are encrypted leaf by leaf are fine", () => {
  write("a", "config:\n  region:bgpPasswords: {upstream: {secure: x}, clusters: {c: {secure: y}}}\n");
  expect(readSiteFiles(root)[0]?.faults).toEqual([]);
});

test("a file that is no YAML is a fault and hides no other file", () => {
  write("a", "config:\n  region:vlan: [unclosed\n");
  write("b", "config:\n  region:parentDomain: example.org\n");
  const files = parseSiteFiles(readSiteFiles(root));
  expect(files.faults.map(identify)).toContainEqual(["a", "", "file-syntax"]);
  expect(files.drafts.b?.parentDomain).toBe("example.org");
});

test("a key that stands twice in a file is a fault, since YAML would keep one of them", () => {
  write("a", "config:\n  region:parentDomain: a.org\n  region:parentDomain: b.org\n");
  expect(readSiteFiles(root)[0]?.faults.map(identify)).toEqual([["a", "", "file-syntax"]]);
});

test("the key `site` names the site; two files of one site are a fault", () => {
  write("rehearsal", "config:\n  region:site: a\n  region:parentDomain: b.org\n");
  write("a", "config:\n  region:parentDomain: a.org\n");
  const files = parseSiteFiles(readSiteFiles(root));
  expect(Object.keys(files.drafts)).toEqual(["a"]);
  expect(files.drafts.a?.parentDomain).toBe("a.org");
  expect(files.faults.map(identify)).toContainEqual(["a", "site", "duplicate-site"]);
});

test("what `pulumi config set` rewrote as text is read as what it is", () => {
  const original = readFileSync(join(repository, "Pulumi.siziano.yaml"), "utf8");
  const file = join(root, "Pulumi.siziano.yaml");
  writeFileSync(file, original.replace("addressesConfirmed: false", 'addressesConfirmed: "true"'));
  const { drafts, faults } = parseSiteFiles([readSiteFile("siziano", file, projectName(repository))]);
  expect(faults).toEqual([]);
  expect(drafts.siziano?.addressesConfirmed).toBe(true);
});

test("the repository's site files are well-formed, and complete", () => {
  const { drafts, faults } = parseSiteFiles(readSiteFiles(repository));
  expect(faults).toEqual([]);
  for (const site of ["siziano", "dr"]) {
    expect(Object.keys(drafts[site]?.clusters ?? {}).sort()).toEqual(["management", "workloads"]);
    expect(drafts[site]).toMatchObject({ environment: "production", addressesConfirmed: false });
  }
});
