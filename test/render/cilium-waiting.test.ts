/**
 * The wait for enforcement against a stand-in for kubectl, which says what agents would: an API server without kubelets runs
 * no command in a pod. That the real ones understand the questions is seen in test/e2e/kubernetes.test.ts.
 */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../lab/run";
import { awaitEnforcement } from "../../render/cilium/waiting";
import { exampleCluster } from "../support/example-cluster";

const { cluster } = exampleCluster();

const rolledOut = `echo 'daemon set "cilium" successfully rolled out'`;

/** `said`: what the agent's endpoints are at each look; the last one stays. */
async function wait(agents: string, said: readonly string[], seconds: number, rollout = rolledOut) {
  const folder = await mkdtemp(join(tmpdir(), "enforcement-"));
  const kubectl = join(folder, "kubectl");
  const script = `#!/bin/sh
case "$*" in
  *"get secret"*) echo kubeconfig ;;
  *"rollout status daemonset/cilium --watch=false"*) ${rollout} ;;
  *"get pods"*) echo '${agents}' ;;
  *"exec agent-1 "*) echo look >>${folder}/looks
    case $(wc -l <${folder}/looks) in
${said.map((each, look) => `      ${look + 1}${look + 1 === said.length ? " | *" : ""}) ${each} ;;`).join("\n")}
    esac ;;
  *) echo "unexpected: $*" >&2; exit 9 ;;
esac
`;
  try {
    await writeFile(kubectl, script);
    await chmod(kubectl, 0o755);
    const kubectls = { management: kubectl, kubectl };
    const waiting = awaitEnforcement(cluster, { ...kubectls, seconds, interval: 0.01, looks: 3 });
    const done = await run(["sh", "-c", waiting], { accept: "any" });
    const { stdout } = await run(["wc", "-l", join(folder, "looks")], { accept: "any" });
    return { ...done, looks: Number(stdout.split(" ")[0]) };
  } finally {
    await rm(folder, { recursive: true });
  }
}

const states = (...all: string[]) => `echo '${all.join(" ")}'`;

test("ends when all endpoints were ready three times in a row, and begins again when a device came up in between", async () => {
  const ready = states("ready", "ready");
  const looks = [states("regenerating", "ready"), ready, states("waiting-to-regenerate", "ready"), ready];
  expect(await wait("agent-1", looks, 60)).toEqual({ code: 0, stdout: "", stderr: "", looks: 6 });
});

test("ends with what is missing while agents of another release still run", async () => {
  const rollout = `echo 'Waiting for daemon set "cilium" rollout to finish: 1 out of 2 new pods have been updated...'`;
  const { code, stderr } = await wait("agent-1", [states("ready")], 1, rollout);
  expect(code).toBe(1);
  expect(stderr).toContain("1 out of 2 new pods have been updated");
});

test.each([
  ["an agent that is not done", "agent-1", states("regenerating", "ready"), "agent-1: regenerating ready"],
  ["an agent that does not answer", "agent-1", "echo refused >&2; exit 1", "agent-1: no answer: refused"],
  ["an agent that knows no endpoint", "agent-1", states(), "agent-1: "],
  ["no agent", "", states("ready"), "no agent runs"],
])("ends with %s", async (_, agents, said, told) => {
  const { code, stderr } = await wait(agents, [said], 1);
  expect(code).toBe(1);
  expect(stderr).toBe(
    `${cluster.name}: after 1 s its nodes do not all enforce their policies. Endpoints by Cilium's agents:\n${told}\n`,
  );
});
