import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import type { HostPlan } from "../../plan/model";
import { firstBoot, firstBootResult, firstBootScript } from "../../render/first-boot";
import type { HostContent } from "../../render/host-content";
import { readinessCommand } from "../../render/readiness";
import { realReader, type RootFile } from "../real-reader";
import { exampleHost } from "../support/example-host";

// The real programs run on a machine that may be busy.
jest.setTimeout(60_000);

const empty: HostContent = {
  files: [],
  accounts: [],
  packages: [],
  programs: [],
  checks: [],
  services: [],
  inPlace: [],
};

/** The throw-away root has no systemd running: its commands are noted, and a unit whose name holds "broken" does not run. */
const systemd: RootFile[] = [
  {
    path: "/usr/local/sbin/systemctl",
    mode: "0755",
    content: '#!/bin/sh\necho "$*" >>/calls\ncase "$*" in is-active*broken*) echo failed; exit 3;; esac\n',
  },
  { path: "/usr/local/sbin/journalctl", mode: "0755", content: "#!/bin/sh\necho 'it said why'\n" },
];

/** Runs the script as cloud-init would; resolves with its result, what systemd was told, and what `after` printed. */
async function boot(
  content: Partial<HostContent>,
  options: { kind?: "plain" | "prepared"; files?: readonly RootFile[]; before?: string; after?: string } = {},
) {
  const { host } = exampleHost("jump", { kind: options.kind ?? "prepared" });
  const script = firstBoot(host, { ...empty, ...content });
  const files = [...systemd, { path: firstBootScript, mode: "0700", content: script }, ...(options.files ?? [])];
  const run = [
    options.before ?? ":",
    `${firstBootScript} >/log 2>&1; echo "code=$?"`,
    `echo "result=$(cat ${firstBootResult})"`,
    "cat /calls 2>/dev/null | sed 's/^/call=/'",
    options.after ?? ":",
  ].join("\n");
  const { stdout, stderr } = await realReader(files, ["sh", "-c", run]);
  const lines = stdout.split("\n");
  const value = (key: string) =>
    lines.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1));
  return { code: value("code")[0], result: value("result")[0], calls: value("call"), stdout, stderr };
}

describe("the first boot", () => {
  test("starts the services in order once everything is proven, and says ok", async () => {
    const { code, result, calls } = await boot({
      packages: ["chrony"],
      checks: [["true"]],
      services: ["nftables.service", "ssh.service"],
    });
    expect([code, result]).toEqual(["0", "ok"]);
    expect(calls).toEqual([
      "daemon-reload",
      "enable nftables.service",
      "reload-or-restart nftables.service",
      "enable ssh.service",
      "restart ssh.service",
      "is-active --quiet nftables.service",
      "is-active --quiet ssh.service",
    ]);
  });

  test("names the packages and programs that a prepared template lacks, and starts nothing", async () => {
    const { code, result, calls } = await boot({
      packages: ["chrony", "no-such-package"],
      programs: [{ name: "no-such-program", url: "http://none", sha256: "0", destination: "/" }],
      services: ["ssh.service"],
    });
    expect(code).toBe("1");
    expect(result).toBe(
      "FAILED: the template debian-12-host is no prepared one (docs/templates.md), it lacks: no-such-package no-such-program",
    );
    expect(calls).toEqual([]);
  });

  test("stops at a check that fails and passes on its reason, without what follows a word for a secret", async () => {
    const { code, result, calls } = await boot({
      checks: [["sh", "-c", "echo 'line 3: neighbor 10.0.0.1 password Tr0ub4dor&3'; echo 'bindPW: hunter2'; exit 3"]],
      services: ["frr.service"],
    });
    expect(code).toBe("1");
    expect(result).toContain("exit code 3: line 3: neighbor 10.0.0.1 password (left out)|bindPW: (left out)");
    expect(result).toMatch(/^FAILED: check: sh -c /);
    expect(calls).toEqual([]);
  });

  test("fails when a service does not run, with what its journal says", async () => {
    const { code, result } = await boot({ services: ["broken.service"] });
    expect([code, result]).toEqual(["1", "FAILED: service broken.service is failed: it said why"]);
  });

  test("locks root and removes the image's own account", async () => {
    const { result, stdout } = await boot(
      {},
      { before: "useradd debian", after: "passwd --status root; id debian 2>&1" },
    );
    expect(result).toBe("ok");
    expect(stdout).toMatch(/^root L /m);
    expect(stdout).toMatch(/debian.*no such user/);
  });
});

describe("a program on a plain template", () => {
  const name = "greeter";
  const archive = tar(`usr/local/bin/${name}`, "#!/bin/sh\necho hello\n");
  const sha256 = createHash("sha256").update(archive).digest("hex");
  // The archive travels as base64: a root's files are texts.
  const files = [{ path: "/archive.b64", content: archive.toString("base64") }];
  const before = "base64 -d /archive.b64 > /archive.tar.gz";
  const program = { name, url: "file:///archive.tar.gz", destination: "/" };
  const after = `/usr/local/bin/${name} 2>&1`;

  test("is unpacked when its archive is the pinned one", async () => {
    const { result, stdout } = await boot(
      { programs: [{ ...program, sha256 }] },
      { kind: "plain", files, before, after },
    );
    expect(result).toBe("ok");
    expect(stdout).toMatch(/^hello$/m);
  });

  test("is refused when its archive is another one", async () => {
    const wrong = sha256.replace(/^./, (digit) => (digit === "0" ? "1" : "0"));
    const { code, result, stdout } = await boot(
      { programs: [{ ...program, sha256: wrong }] },
      { kind: "plain", files, before, after },
    );
    expect([code, result]).toEqual([
      "1",
      `FAILED: program greeter: file:///archive.tar.gz has SHA-256 ${sha256}, wanted ${wrong}`,
    ]);
    expect(stdout).not.toMatch(/^hello$/m);
  });
});

describe("the readiness command", () => {
  const { host } = exampleHost("jump");

  test.each([
    ["done", 0, "ok", 0, ""],
    // Since 23.4 cloud-init says 2 for warnings.
    ["done, with warnings", 2, "ok", 0, ""],
    ["error", 1, "FAILED: check: nft: exit code 1", 1, "FAILED: check: nft: exit code 1"],
    ["error elsewhere", 1, "ok", 1, "detail: of cloud-init"],
    ["done, though interrupted", 0, undefined, 1, "it left no result"],
  ])("where cloud-init says %s", async (_says, status, result, expected, reason) => {
    const run = await ready(host, status, result);
    expect(run.code).toBe(expected);
    expect(run.stderr).toContain(reason);
    if (expected === 1) expect(run.stderr).toContain("siziano-jump: the first boot did not finish");
  });
});

function ready(host: HostPlan, status: number, result: string | undefined) {
  const cloudInit = `#!/bin/sh\n[ "$*" = "status --wait --long" ] || exit 9\necho '....detail: of cloud-init'\nexit ${status}\n`;
  return realReader(
    [
      { path: "/usr/local/sbin/cloud-init", mode: "0755", content: cloudInit },
      ...(result === undefined ? [] : [{ path: firstBootResult, content: `${result}\n` }]),
    ],
    ["sh", "-c", readinessCommand(host)],
  );
}

/** A gzipped archive of one executable file (ustar, IEEE 1003.1). */
function tar(path: string, content: string): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write("0000755\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  header.write(`${content.length.toString(8).padStart(11, "0")}\0`, 124);
  header.write("00000000000\0", 136);
  header.write("        0", 148);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512);
  body.write(content);
  return gzipSync(Buffer.concat([header, body, Buffer.alloc(1024)]));
}
