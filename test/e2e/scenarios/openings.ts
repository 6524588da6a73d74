import { kubectl } from "../../../lab/kubectl";
import { namespaceName } from "../../../lab/paths";
import { run, waitFor } from "../../../lab/run";
import { vcenterState } from "../../../lab/vcenter";
import { join } from "node:path";
import { stringify } from "yaml";
import { basePolicies } from "../../../render/cilium/policies";
import { atConsole, identity, lab, progress } from "../../support/lab";
import { type Asker, type Opening, openings, openingsObjects, type OpeningsCluster } from "../../support/openings";

const cluster = () => lab().plan.clusters.find(({ name, state }) => name === "management" && state === "deployed")!;

/** Runs a shell script as root at a node's console: no policy of the cluster is in between. */
async function atNode(name: string, script: string): Promise<string> {
  const folder = join(vcenterState(identity), "vms", namespaceName(identity, name));
  const { hypervisor } = lab().prepared.toolchain.paths;
  const command = [hypervisor, "guest", "exec", "--state-dir", folder, "--", "bash", "-s"];
  return (await run(command, { input: script, timeout: 120_000 })).stdout;
}

interface Node {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly status: { readonly addresses: readonly { readonly type: string; readonly address: string }[] };
}

interface Policy {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const admin = "kubectl --kubeconfig=/etc/kubernetes/admin.conf --request-timeout=20s";

/** The cluster from the console of a control plane node, whose own API server is always within its reach. */
class Inside {
  private constructor(
    readonly known: OpeningsCluster,
    private readonly names: Readonly<Record<"controlPlane" | "worker", string>>,
  ) {}

  static async enter(): Promise<Inside> {
    const { stdout } = await kubectl(lab(), cluster().name, ["get", "nodes", "--output=json"]);
    const { items } = JSON.parse(stdout) as { readonly items: readonly Node[] };
    const isControlPlane = ({ metadata }: Node) => "node-role.kubernetes.io/control-plane" in metadata.labels;
    const [controlPlane, worker] = [items.find(isControlPlane), items.find((node) => !isControlPlane(node))];
    if (controlPlane === undefined || worker === undefined) throw new Error(`no node of each kind: ${stdout}`);
    const names = { controlPlane: controlPlane.metadata.name, worker: worker.metadata.name };
    const apply = openingsObjects.map((object) => `---\n${stringify(object, { aliasDuplicateObjects: false })}`);
    const ask = (script: string) => atNode(names.controlPlane, script);
    await ask(`${admin} apply -f - <<'END'\n${apply.join("")}END\n`);
    await ask(`${admin} -n openings rollout status daemonset/web --timeout=90s
${admin} -n openings wait --for=condition=Ready --timeout=90s pod/client
${admin} -n monitoring wait --for=condition=Ready --timeout=90s pod/openings-monitor
${admin} -n kube-system wait --for=condition=Ready --timeout=90s pod/openings-relay`);
    const path = (query: string) => ask(`${admin} ${query}`).then((text) => text.trim());
    const web = (node: string) =>
      path(
        `-n openings get pods -l app=web --field-selector=spec.nodeName=${node} -o jsonpath='{.items[0].status.podIP}'`,
      );
    const address = ({ status }: Node) => status.addresses.find(({ type }) => type === "InternalIP")?.address ?? "";
    const known: OpeningsCluster = {
      plan: lab().plan,
      cluster: cluster(),
      controlPlane: address(controlPlane),
      worker: address(worker),
      webOnControlPlane: await web(names.controlPlane),
      webOnWorker: await web(names.worker),
      workerHealth: await path(`get ciliumnode ${names.worker} -o jsonpath='{.spec.health.ipv4}'`),
    };
    return new Inside(known, names);
  }

  async leave(): Promise<void> {
    await this.administer(
      "delete namespace openings monitoring && " + `${admin} -n kube-system delete pod openings-relay`,
    );
  }

  administer(command: string, input = ""): Promise<string> {
    return atNode(this.names.controlPlane, `${admin} ${command} <<'END'\n${input}END\n`);
  }

  /** On the worker itself: an agent that no policy reaches any more is told to let everything through, or to stop that. */
  async enforce(mode: "always" | "never"): Promise<void> {
    const agent = `$(ctr -n k8s.io containers list -q 'labels."io.kubernetes.container.name"==cilium-agent' | while read -r id; do ctr -n k8s.io tasks list | grep -q "^$id .*RUNNING" && echo "$id"; done)`;
    await atNode(
      this.names.worker,
      `ctr -n k8s.io tasks exec --exec-id "test-$RANDOM" ${agent} cilium-dbg config PolicyEnforcement=${mode}`,
    );
  }

  /** Whether an opening's traffic passes. */
  async passes({ from, script }: Opening): Promise<boolean> {
    return this.ask(from, `( ${script} ) >/dev/null && echo passed || echo stopped`).then(
      (said) => said.trim() === "passed",
    );
  }

  private async ask(from: Asker, script: string): Promise<string> {
    switch (from) {
      case "controlPlane":
      case "worker":
        return atNode(this.names[from], script);
      case "jump":
      case "capi":
        return atConsole(from, `bash -s <<'END'\n${script}\nEND\n`);
      case "router":
        return atConsole(lab().plan.bgp.routers[0].host, script);
      case "office":
        return (await lab().exec("office", ["bash", "-c", script])).stdout;
      default:
        return this.administer(`-n ${from.namespace} exec -i ${from.pod} -- bash -s`, `${script}\n`);
    }
  }
}

/** Takes each opening of the base policies away, sees its traffic stop, and puts it back. */
export function openingsScenario(): void {
  test("every base policy is valid in the eyes of Cilium's operator", async () => {
    const query = ["get", "ciliumclusterwidenetworkpolicies", "--output=json"];
    const { items } = JSON.parse((await kubectl(lab(), cluster().name, query)).stdout) as { items: readonly Policy[] };
    const verdicts = items.map(({ metadata, status }) => [
      metadata.name,
      status?.conditions?.find(({ type }) => type === "Valid")?.status,
    ]);
    const names = basePolicies(lab().plan, cluster(), lab().site).map(({ metadata }) => metadata.name);
    expect(Object.fromEntries(verdicts)).toMatchObject(Object.fromEntries(names.map((name) => [name, "True"])));
  });

  describe("each opening of a cluster's base policies", () => {
    test("is what its traffic passes through", async () => {
      const inside = await Inside.enter();
      const { site } = lab();
      const base = new Map(
        basePolicies(lab().plan, cluster(), site).map((object) => [object.metadata.name, object] as const),
      );
      const all = openings(inside.known);
      try {
        for (const opening of all) {
          const title = `${opening.policies.join(" and ")} from ${JSON.stringify(opening.from)}`;
          const becomes = (passes: boolean, when: string) =>
            waitFor(`${title}: traffic ${passes ? "passes" : "stops"} ${when}`, 60_000, async () =>
              (await inside.passes(opening)) === passes ? true : undefined,
            );
          const objects = opening.policies.map((name) => base.get(name) ?? { missing: name });
          await becomes(true, "with its opening");
          await inside.administer(`delete ciliumclusterwidenetworkpolicies ${opening.policies.join(" ")}`);
          await becomes(false, "without its opening");
          if (opening.severs === true) await inside.enforce("never");
          await inside.administer(
            "apply --server-side -f -",
            objects.map((each) => `---\n${stringify(each)}`).join(""),
          );
          if (opening.severs === true) {
            await becomes(true, "where nothing is enforced");
            await inside.enforce("always");
          }
          await becomes(true, "with its opening again");
          progress.say(`${title}: stops, and passes again`);
        }
        // An opening that no traffic was tried through would be one that nobody knows the need of.
        const tried = new Set(all.flatMap(({ policies }) => policies));
        expect([...base.keys()].filter((name) => !tried.has(name))).toEqual([]);
      } finally {
        await inside.leave();
      }
    }, 1_200_000);
  });
}
