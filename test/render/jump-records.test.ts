/** What the jump host tells syslog about its users, with the programs that do it. */
import { jumpContent } from "../../render/jump";
import { nftablesFile } from "../../render/nftables";
import { realReader, type RootFile } from "../real-reader";
import { exampleHost } from "../support/example-host";

// The real programs run on a machine that may be busy.
jest.setTimeout(60_000);

const syslog: RootFile = {
  path: "/syslog.conf",
  content: 'module(load="imuxsock")\n*.* action(type="omfile" file="/log" template="RSYSLOG_SyslogProtocol23Format")\n',
};

/** A /dev of the test's own: syslog's socket is made there. `logged PATTERN` waits for a line. */
const prepare = `
mkdir /old && mount --rbind /dev /old && mount -t tmpfs tmpfs /dev
for node in null zero full random urandom tty; do touch /dev/$node; mount --bind /old/$node /dev/$node; done
mkdir /dev/pts && mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts && ln -s pts/ptmx /dev/ptmx
touch /run/utmp && chgrp utmp /run/utmp && chmod 664 /run/utmp
echo "127.0.1.1 jump.example jump" >> /etc/hosts && hostname jump
useradd --create-home --uid 1000 alice
rsyslogd -f /syslog.conf -i /run/rsyslogd.pid
logged() { for _ in $(seq 100); do grep -q "$1" /log 2>/dev/null && return; sleep 0.1; done; echo "not logged: $1" >&2; exit 1; }
`;

const onJump = (script: string, more: readonly RootFile[] = []) =>
  realReader(
    [
      ...(jumpContent().files as RootFile[]),
      nftablesFile(exampleHost("jump").plan, exampleHost("jump").host),
      syslog,
      ...more,
    ],
    ["sh", "-c", `${prepare}\n${script}\nsed 's/^/log: /' /log`],
  );

const session = "/usr/local/lib/site/record-session";

/** Types lines at a terminal, each once the screen shows what comes before it. */
const typist: RootFile = {
  path: "/typist.py",
  content: `
import os, pty, sys
child, terminal = pty.fork()
if child == 0:
    os.execvp("su", ["su", "alice", "-c", "${session}"])
screen = b""
for shown, typed in [("$ ", "stty -echo; echo now; read answer; stty echo; echo length-$\{#answer}"),
                     ("now\\r\\n", "unseen-password"), ("length-15", "exit"), ("", "")]:
    while shown.encode() not in screen:
        screen += os.read(terminal, 4096)
    screen = b""
    if typed:
        os.write(terminal, typed.encode() + b"\\n")
os.waitpid(child, 0)
`,
};

test("what a session at a terminal shows, but not what is typed without echo", async () => {
  const { stdout, stderr } = await onJump("python3 /typist.py; logged length-15", [typist]);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^log: .* tlog .*"user":"alice".*length-15/m);
  expect(stdout).not.toContain("unseen-password");
});

test("which command was run without a terminal, and from where; its input passes untouched", async () => {
  const { stdout, stderr } = await onJump(`
    printf 'a\\000b' | su alice -c "SSH_CONNECTION='192.168.20.50 1 172.20.10.10 22' SSH_ORIGINAL_COMMAND='od -c' ${session}"
    logged jump-command`);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^0000000 +a +\\0 +b$/m);
  expect(stdout).toMatch(/^log: .* jump-command .*user=alice from=192\.168\.20\.50 command=od -c$/m);
});

test("each connection that a user makes or forwards; planned ones pass, others are refused at once", async () => {
  const connect = (destination: string) =>
    `su alice -c "timeout 2 bash -c 'exec 3<>/dev/tcp/${destination}'" 2>&1 | sed 's/^/${destination.replace("/", " ")}: /'`;
  const { stdout, stderr } = await onJump(`
    ip link add ens192 type veth peer name far && ip link set far up && ip address add 172.20.10.10/24 dev ens192 && ip link set ens192 up
    ip route add default via 172.20.10.1
    nft --file /etc/nftables.conf
    ulogd --daemon --uid ulog --pidfile /run/ulogd.pid
    ${connect("172.20.10.21/22")}
    ${connect("172.20.10.21/179")}
    logged 'DST=172.20.10.21 .*DPT=22 '
    logged 'DST=172.20.10.21 .*DPT=179 '`);
  expect(stderr).toBe("");
  expect(stdout).toMatch(/^log: .* ulogd .*user connection .*DST=172\.20\.10\.21 .*DPT=22 .*UID=1000 /m);
  expect(stdout).toMatch(/^172\.20\.10\.21 179: .*Connection refused/m);
  expect(stdout).not.toMatch(/^172\.20\.10\.21 22: .*refused/m);
});
