import fc from "fast-check";
import { parse } from "yaml";
import { renderMetadata, renderUserData } from "../../render/cloud-init";
import { guestinfo } from "../../render/guestinfo";
import type { HostContent } from "../../render/host-content";
import { quoteCommand } from "../../render/shell";
import { realReader } from "../real-reader";
import { exampleHost } from "../support/example-host";
import { readGuestinfo } from "./readers/guestinfo";

// The real programs run on a machine that may be busy.
jest.setTimeout(60_000);

/** What breaks naive templates: quotes, expansions, comments, jinja, YAML's own signs and its 1.1 words. */
const awkward = fc.oneof(
  fc.constantFrom(
    "yes",
    "0755",
    "1:30",
    "~",
    "null",
    "- a",
    "a: b",
    "{{ secret }}",
    "{% raw %}",
    "## template: jinja",
    "!!binary x",
  ),
  fc.string({ unit: fc.constantFrom(..."'\"$\\%{}[];#!&*|>@`: \t,?-=~é√0aZ"), minLength: 1, maxLength: 60 }),
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
);

const { plan, host, content } = exampleHost("capi");
const metadata = renderMetadata(plan, host);

const withFiles = (contents: readonly string[]) => {
  const files = contents.map((text, index) => ({
    path: `/secret/${index}`,
    mode: "0600",
    owner: "root:root",
    content: text,
  }));
  const own: HostContent = { ...content, files: [...content.files, ...files] };
  return renderUserData(host, own);
};

test("text that every reader takes as it is stays readable, other text travels as base64", () => {
  const { write_files: files } = parse(withFiles(["plain: yes\n", "a\ttab\n"]), { version: "1.1" });
  expect(files.at(-2)).toMatchObject({ content: "plain: yes\n" });
  expect(files.at(-1)).toMatchObject({ encoding: "b64", content: Buffer.from("a\ttab\n").toString("base64") });
});

test("any text arrives as it was in cloud-init itself", async () => {
  const bare = fc.sample(awkward, { numRuns: 500, seed: 20 });
  const texts = [...bare, ...bare.map((text) => `key = "${text}"\n  indented\n\n${text}\n`)];
  const { files } = await readGuestinfo(guestinfo(withFiles(texts), metadata));
  expect(texts.map((_, index) => files[`/secret/${index}`])).toEqual(texts);
});

test("any argument passes a POSIX shell as it was", async () => {
  const texts = fc.sample(awkward, { numRuns: 300, seed: 21 }).concat("", "line\nbreak", "-n");
  const script = quoteCommand(["printf", "%s\\0", ...texts]);
  const { stdout } = await realReader([{ path: "/script", content: script }], ["sh", "/script"]);
  expect(stdout.split("\0").slice(0, -1)).toEqual(texts);
});
