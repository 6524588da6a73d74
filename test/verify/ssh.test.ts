/** The account `verify` on its way: real sshd on the jump host and on a router, with exactly the files that are rendered. */
import { join } from "node:path";
import { run } from "../../lab/run";
import { planRegion } from "../../plan/plan";
import { hostContent } from "../../render/host";
import { routerQuestions, verifyAccount } from "../../render/verify-account";
import { generateSshKeyPair } from "../../tools/secret-values";
import type { Credentials } from "../../verify/credentials";
import { exampleSecrets } from "../support/example-host";
import { exampleSites } from "../support/example-sites";
import { RootMachine } from "../support/root-process";
import { Switch } from "../support/switch";
import type { SessionRequest, SessionResult } from "../support/verify-session";

jest.setTimeout(120_000);

const site = exampleSites().siziano;
const plan = planRegion(exampleSites(), "siziano");
const hostKeys = { jump: generateSshKeyPair("jump"), bgp1: generateSshKeyPair("bgp1") };
const own = generateSshKeyPair("verify");
const questions = routerQuestions(plan.bgp);

const credentials: Credentials = {
  version: 1,
  vcenter: { username: "unused", password: "unused" },
  ssh: {
    user: verifyAccount,
    privateKey: own.privateKey,
    hostKeys: Object.fromEntries(Object.entries(hostKeys).map(([name, { publicKey }]) => [name, publicKey])),
  },
  kubeconfigs: { clusters: {} },
};

let vlan: Switch;
let office: string;
const machines: RootMachine[] = [];

/** vtysh that tells what it was asked. */
const vtysh = { path: "/usr/bin/vtysh", mode: "0755", content: '#!/bin/sh\necho "$*"\n' };

async function startHost(name: keyof typeof hostKeys): Promise<void> {
  const host = plan.hosts.find((each) => each.name === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  const secrets = { ...exampleSecrets, hostKey: hostKeys[name], verifyPublicKey: own.publicKey };
  const { accounts, files } = hostContent(site, plan, host, secrets);
  const namespace = await vlan.attach(name, [`${host.address}/${plan.vlan.prefixLength}`]);
  const roots = files.filter(({ owner }) => owner === "root:root");
  const names = { path: "/etc/hosts", content: `127.0.0.1 localhost ${name}\n` };
  const machine = await RootMachine.start(namespace, [...roots, names, vtysh]);
  machines.push(machine);
  const users = accounts.map((account) => `useradd --create-home --shell /bin/bash ${account.name}`);
  await machine.exec(["sh", "-euc", `hostname ${name}; ${users.join("; ")}; mkdir -p /run/sshd; /usr/sbin/sshd`]);
}

beforeAll(async () => {
  vlan = await Switch.create(`s${process.pid.toString(36)}`);
  office = await vlan.attach(
    "office",
    [plan.vlan.gateway].map((address) => `${address}/${plan.vlan.prefixLength}`),
  );
  await startHost("jump");
  await startHost("bgp1");
});

afterAll(async () => {
  for (const machine of machines) await machine.stop();
  await vlan?.remove();
});

async function ask(
  host: string,
  commands: readonly string[],
  changes: Partial<SessionRequest> = {},
): Promise<SessionResult> {
  const request: SessionRequest = { site, plan, credentials, host, commands, ...changes };
  const script = join(__dirname, "../../bin/test/support/verify-session.js");
  const enter = ["nsenter", `--net=/run/netns/${office}`, "--", process.execPath, script];
  return JSON.parse((await run(enter, { input: JSON.stringify(request), timeout: 60_000 })).stdout) as SessionResult;
}

test("through the jump host it asks a router its questions, and nothing else", async () => {
  const asked = Object.values(questions);
  expect(await ask("bgp1", asked)).toEqual(asked.map((question) => ({ output: `-c ${question}\n` })));
  const [shell, configuration] = await ask("bgp1", ["id", "show running-config"]);
  for (const { error } of [shell, configuration]) expect(error).toContain("verify may ask:");
});

test("on the jump host itself it runs nothing", async () => {
  expect(await ask("jump", ["id", "cat /etc/passwd"])).toEqual([
    { error: expect.stringContaining("exit code 1") },
    { error: expect.stringContaining("exit code 1") },
  ]);
});

test("a host that shows another key is not spoken to, the jump host included", async () => {
  for (const other of ["jump", "bgp1"]) {
    const ssh = { ...credentials.ssh, hostKeys: { ...credentials.ssh.hostKeys, [other]: own.publicKey } };
    const [{ error }] = await ask("bgp1", [questions.summary ?? ""], { credentials: { ...credentials, ssh } });
    expect(error).toMatch(new RegExp(`^SSH to ${other} .*another SSH host key`));
  }
});

test("another key opens nothing", async () => {
  const ssh = { ...credentials.ssh, privateKey: generateSshKeyPair("stranger").privateKey };
  const [{ error }] = await ask("bgp1", ["show"], { credentials: { ...credentials, ssh } });
  expect(error).toMatch(/^SSH to jump .*authentication methods failed/);
});
