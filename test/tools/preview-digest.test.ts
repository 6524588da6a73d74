import { digest, previewSchema } from "../../tools/preview-digest";

const urn = (name: string) =>
  `urn:pulumi:siziano::kubernetes-vsphere::region:Region$vsphere:index/virtualMachine:VirtualMachine::${name}`;

const preview = (steps: unknown[], diagnostics: unknown[] = []) => previewSchema.parse({ steps, diagnostics });

test("a digest names what changes and where, never a value", () => {
  const text = digest(
    "siziano",
    preview([
      { op: "same", urn: urn("jump") },
      {
        op: "update",
        urn: urn("bgp1"),
        detailedDiff: { memory: { kind: "update" } },
        oldState: { inputs: { memory: 1024, extraConfig: "hunter2" } },
        newState: { inputs: { memory: 2048, extraConfig: "hunter2" } },
      },
      { op: "create", urn: urn("auth"), newState: { inputs: { extraConfig: "hunter2" } } },
    ]),
  );
  expect(text).toBe(`### Preview of \`siziano\`

1 to create, 1 to update, 0 to replace, 0 to delete.

| | type | name | changes |
|---|---|---|---|
| ~ update | \`vsphere:index/virtualMachine:VirtualMachine\` | bgp1 | \`memory\` |
| + create | \`vsphere:index/virtualMachine:VirtualMachine\` | auth |  |
`);
});

test("an unchanged stack says so in one line", () => {
  expect(digest("dr", preview([{ op: "same", urn: urn("jump") }]))).toBe("### Preview of `dr`\n\nNo changes.\n");
});

test("errors are counted, their words stay in the job's log", () => {
  const text = digest("dr", preview([], [{ severity: "error", message: "password hunter2 refused" }]));
  expect(text).toContain("1 errors");
  expect(text).not.toContain("hunter2");
});

test("a long preview is cut, and says by how much", () => {
  const steps = Array.from({ length: 55 }, (_, index) => ({ op: "create", urn: urn(`vm${index}`) }));
  const text = digest("siziano", preview(steps));
  expect(text).toContain("55 to create");
  expect(text).toContain("…and 15 more.");
  expect(text.match(/^\| \+ create/gm)).toHaveLength(40);
});
