import type { HostContent, HostFile, InPlaceChange } from "../../render/host-content";
import { rootFile } from "../../render/host-file";
import { placement } from "../../render/placement";
import { realReader, type RootFile } from "../real-reader";
import { exampleHost } from "../support/example-host";

// The real programs run on a machine that may be busy.
jest.setTimeout(60_000);

/** The throw-away root has no systemd running: its commands are noted; what serves badly says so by a file. */
const systemd: RootFile[] = [
  {
    path: "/usr/local/sbin/systemctl",
    mode: "0755",
    content: [
      "#!/bin/sh",
      'echo "systemctl $*" >>/calls',
      'case "$*" in',
      "reload*) if [ -e /etc/service.d/breaks ]; then echo 'line 3: password hunter2'; exit 1; fi ;;",
      "esac",
      "",
    ].join("\n"),
  },
  { path: "/usr/local/sbin/systemd-run", mode: "0755", content: '#!/bin/sh\necho "systemd-run $*" >>/calls\n' },
  { path: "/usr/local/sbin/journalctl", mode: "0755", content: "#!/bin/sh\necho 'it said why'\n" },
  // The account's own way to become root.
  {
    path: "/usr/local/bin/sudo",
    mode: "0755",
    content: '#!/bin/sh\n[ "$1" = --non-interactive ] && shift\nexec "$@"\n',
  },
];

const inPlace: InPlaceChange[] = [
  {
    files: ["/etc/service.d/*"],
    told: ["systemctl", "reload", "service.service"],
    proof: ["test", "!", "-e", "/etc/service.d/mute"],
  },
  { files: ["/etc/firewall"], told: ["systemctl", "reload", "firewall.service"], guarded: true },
  { files: ["/etc/read-at-use"] },
];

const content = (files: readonly HostFile[], change: Partial<HostContent> = {}): HostContent => ({
  files,
  accounts: [{ name: "deploy", publicKeys: [], sudo: true }],
  packages: [],
  programs: [],
  services: ["firewall.service", "service.service"],
  checks: [["grep", "--recursive", "--quiet", "good", "/etc/service.d"]],
  inPlace,
  ...change,
});

const first = [
  rootFile("/etc/service.d/a", "good\n"),
  rootFile("/etc/firewall", "open\n"),
  rootFile("/etc/old", "x\n"),
];

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Places the contents one after the other; each is confirmed unless the script says otherwise. */
async function host(
  steps: readonly { readonly content: HostContent; readonly unconfirmed?: boolean; readonly cut?: boolean }[],
  after = ":",
) {
  const { host } = exampleHost("jump");
  const script = steps.flatMap((step, index) => {
    const { command, stdin, confirm } = placement(host, step.content);
    const input = step.cut ? stdin.replace(/end\n$/, "") : stdin;
    return [
      `echo "--- ${index}" >>/calls`,
      `printf %s ${quoted(input)} | sh -c ${quoted(command)} >/out 2>/err; echo "code=$?"`,
      "sed 's/^/out=/' /out; sed 's/^/err=/' /err",
      step.unconfirmed ? ":" : `if grep -qx armed /out; then sh -c ${quoted(confirm)}; echo "confirmed=$?"; fi`,
    ];
  });
  const { stdout, stderr } = await realReader(systemd, [
    "sh",
    "-c",
    [...script, after, "sed 's/^/call=/' /calls"].join("\n"),
  ]);
  const value = (key: string) =>
    stdout
      .split("\n")
      .filter((line) => line.startsWith(`${key}=`))
      .map((line) => line.slice(key.length + 1));
  const calls = value("call")
    .join("\n")
    .split(/^--- \d+\n?/m)
    .slice(1);
  return { codes: value("code"), out: value("out"), err: value("err"), calls, stdout, stderr, value };
}

const lastCalls = ({ calls }: { calls: readonly string[] }) => (calls.at(-1) ?? "").trim().split("\n");

test("a new machine is given all files, and every service starts with them, in order", async () => {
  const run = await host(
    [{ content: content(first) }],
    "stat --format '%a %U:%G %n' /etc/service.d/a; cat /var/lib/site/placed; ls /var/lib/site",
  );
  expect(run.codes).toEqual(["0"]);
  expect(run.out).toEqual(["/etc/service.d/a", "/etc/firewall", "/etc/old", "armed"]);
  const calls = lastCalls(run);
  expect(calls.filter((line) => /reload|restart|enable/.test(line))).toEqual([
    "systemctl daemon-reload",
    "systemctl --quiet enable firewall.service service.service",
    "systemctl restart firewall.service",
    "systemctl restart service.service",
  ]);
  expect(run.stdout).toContain(
    "644 root:root /etc/service.d/a\nfile /etc/service.d/a\nfile /etc/firewall\nfile /etc/old\naccount deploy\nbase\nlock\nplaced\n".replace(
      "base\n",
      "",
    ),
  );
});

test("a changed file is told to its program alone, and one that is gone is removed", async () => {
  const changed = [rootFile("/etc/service.d/a", "good, too\n", "0600"), rootFile("/etc/firewall", "open\n")];
  const run = await host(
    [{ content: content(first) }, { content: content(changed) }],
    "stat --format %a /etc/service.d/a; ls /etc/old",
  );
  expect(run.codes).toEqual(["0", "0"]);
  expect(run.out.slice(4)).toEqual(["/etc/service.d/a", "/etc/old (removed)"]);
  expect(lastCalls(run).filter((line) => /reload|restart|run/.test(line))).toEqual([
    "systemctl reload service.service",
  ]);
  expect(run.stdout).toMatch(/^600$/m);
  expect(run.stderr).toContain("/etc/old");
});

test("nothing that is equal is written or told", async () => {
  const run = await host([{ content: content(first) }, { content: content(first) }]);
  expect(run.out.slice(4)).toEqual([]);
  expect(lastCalls(run).filter((line) => /reload|restart|run/.test(line))).toEqual([]);
});

test("a file that its program refuses is never put in place; the program sees the others' new ones, too", async () => {
  const bad = [rootFile("/etc/service.d/a", "bad\n"), ...first.slice(1)];
  const run = await host([{ content: content(first) }, { content: content(bad) }], "cat /etc/service.d/a");
  expect(run.codes).toEqual(["0", "1"]);
  expect(run.err.join()).toMatch(/^siziano-jump: refused by grep, nothing was changed/);
  expect(run.stdout).toMatch(/^good$/m);
  expect(lastCalls(run)).toEqual([""]);
});

test.each([
  ["cannot be told", "breaks", /exit code 1: .*password \(left out\)/],
  ["does not serve", "mute", /test failed with exit code 1/],
])("what %s is taken back, files and programs", async (_what, name, reason) => {
  const broken = [...first.slice(0, 2), rootFile(`/etc/service.d/${name}`, "")];
  const run = await host(
    [{ content: content(first) }, { content: content(broken) }],
    "ls /etc/service.d; cat /etc/old",
  );
  expect(run.codes).toEqual(["0", "1"]);
  expect(run.err.join()).toMatch(reason);
  expect(run.err.join()).toContain("Nothing of this change is left");
  expect(run.stdout).toMatch(/^a\nx$/m);
  expect(lastCalls(run).filter((line) => line.startsWith("systemctl reload"))).toHaveLength(2);
});

test("what could lock everybody out is under a timer, and goes before the next change if nobody confirmed it", async () => {
  const shut = [first[0], rootFile("/etc/firewall", "shut\n"), first[2]] as HostFile[];
  const run = await host(
    [
      { content: content(first) },
      { content: content(shut), unconfirmed: true },
      { content: content([...first, rootFile("/etc/read-at-use", "y\n")]) },
    ],
    "cat /etc/firewall",
  );
  expect(run.codes).toEqual(["0", "0", "0"]);
  expect(run.calls[1]).toMatch(/systemd-run .*--on-active=30 .*\/var\/lib\/site\/undo/);
  // Taken back, the firewall is as the third content has it.
  expect(run.out.slice(4)).toEqual(["/etc/firewall", "armed", "/etc/read-at-use"]);
  expect(run.stdout).toMatch(/^open$/m);
});

test("a change that was taken back cannot be confirmed any more", async () => {
  const shut = [first[0], rootFile("/etc/firewall", "shut\n"), first[2]] as HostFile[];
  const { confirm } = placement(exampleHost("jump").host, content(shut));
  const run = await host(
    [{ content: content(first) }, { content: content(shut), unconfirmed: true }],
    `sh /var/lib/site/undo; cat /etc/firewall; sh -c ${quoted(confirm)}; echo "late=$?"`,
  );
  expect(run.value("late")).toEqual(["1"]);
  expect(run.stdout).toMatch(/^open$/m);
});

test("half of a transmission changes nothing", async () => {
  const run = await host(
    [{ content: content(first) }, { content: content([first[0] as HostFile]), cut: true }],
    "cat /etc/old",
  );
  expect(run.codes).toEqual(["0", "1"]);
  expect(run.err.join()).toContain("the connection broke before all files had come");
  expect(run.stdout).toMatch(/^x$/m);
});

test("accounts come and go", async () => {
  const accounts = ["deploy", "carol"].map((name) => ({ name, publicKeys: [], sudo: false }));
  const run = await host(
    [{ content: content(first, { accounts }) }, { content: content(first) }],
    "id carol 2>&1; passwd --status deploy",
  );
  expect(run.codes).toEqual(["0", "0"]);
  expect(run.stdout).toMatch(/carol.*no such user/);
  expect(run.stdout).toMatch(/^deploy L /m);
});
