/** A cluster from the console of a control plane node, whose own API server is always within its reach. */
import { stringify } from "yaml";
import type { ClusterPlan } from "../../plan/model";
import { answersOf } from "./answers";
import { atNode, type ClusterNode, internalAddress, isControlPlane, type Items, nodesOf } from "./cluster-nodes";
import { atConsole, lab } from "./lab";
import type { Asker, Opening, OpeningsCluster } from "./openings";
import { askingPods, openingsNamespace, openingsObjects } from "./openings-pods";

const admin = "kubectl --kubeconfig=/etc/kubernetes/admin.conf --request-timeout=20s";

interface Pod {
  readonly metadata: {
    readonly namespace: string;
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP: string; readonly containerStatuses: readonly { readonly containerID: string }[] };
}

const documents = (objects: readonly object[]): string =>
  objects.map((object) => `---\n${stringify(object, { aliasDuplicateObjects: false })}`).join("");

/** A script that asks all at once and prints the number of each that passed. */
const atOnce = (scripts: readonly string[]): string =>
  [...scripts.map((script, index) => `( ${script} ) >/dev/null 2>&1 && echo ${index} &`), "wait"].join("\n");

const passedOf = (said: string): ReadonlySet<number> => new Set(said.trim().split("\n").filter(Boolean).map(Number));

/** A command inside a node's agent. It would read the rest of the script as its own input. */
const agent = (command: string): string => {
  const ids = `ctr -n k8s.io containers list -q 'labels."io.kubernetes.container.name"==cilium-agent'`;
  const running = `${ids} | while read -r id; do ctr -n k8s.io tasks list | grep -q "^$id .*RUNNING" && echo "$id"; done`;
  return `ctr -n k8s.io tasks exec --exec-id "test-$RANDOM" "$(${running})" ${command} </dev/null`;
};

export class Inside {
  private constructor(
    readonly known: OpeningsCluster,
    private readonly nodes: Readonly<Record<"controlPlane" | "worker", string>>,
    /** The asking pods' containers, as the worker's containerd names them. */
    private readonly containers: Readonly<Record<keyof typeof askingPods, string>>,
  ) {}

  /** Starts the pods that ask and answer. */
  static async enter(cluster: ClusterPlan): Promise<Inside> {
    const nodes = await nodesOf(cluster);
    const [controlPlane, worker] = [true, false].map((kind) => nodes.find((node) => isControlPlane(node) === kind));
    if (controlPlane === undefined || worker === undefined)
      throw new Error(`${cluster.name} has no node of each kind: ${nodes.map(({ metadata }) => metadata.name).join()}`);
    const names = { controlPlane: controlPlane.metadata.name, worker: worker.metadata.name };
    const { pods, health } = await answersOf((script) => atNode(names.controlPlane, `set -e\n${script}`), {
      begin: [
        `${admin} apply -f - <<'END'\n${documents(openingsObjects)}END`,
        `${admin} -n ${openingsNamespace} rollout status daemonset/web --timeout=90s`,
        ...Object.values(askingPods).map((each) => {
          const [namespace, name] = each.split("/");
          return `${admin} -n ${namespace} wait --for=condition=Ready --timeout=90s pod/${name}`;
        }),
      ].join("\n"),
      pods: `${admin} get pods --all-namespaces --output=json`,
      health: `${admin} get ciliumnode ${names.worker} -o jsonpath='{.spec.health.ipv4}'`,
    });
    const { items } = JSON.parse(pods) as Items<Pod>;
    const find = (what: string, is: (pod: Pod) => boolean): Pod => {
      const found = items.find(is);
      if (found === undefined) throw new Error(`${cluster.name} has no pod ${what}`);
      return found;
    };
    const web = ({ metadata }: ClusterNode) =>
      find(
        `web on ${metadata.name}`,
        (pod) => pod.metadata.labels?.app === "web" && pod.spec.nodeName === metadata.name,
      ).status.podIP;
    const container = (who: string) =>
      find(
        who,
        (pod) => `${pod.metadata.namespace}/${pod.metadata.name}` === who,
      ).status.containerStatuses[0].containerID.replace("containerd://", "");
    const known: OpeningsCluster = {
      plan: lab().plan,
      cluster,
      controlPlane: internalAddress(controlPlane),
      worker: internalAddress(worker),
      webOnControlPlane: web(controlPlane),
      webOnWorker: web(worker),
      workerHealth: health,
    };
    const { client, relay, monitor } = askingPods;
    return new Inside(known, names, {
      client: container(client),
      relay: container(relay),
      monitor: container(monitor),
    });
  }

  /** Removes the pods. */
  async leave(): Promise<void> {
    const [namespace, name] = askingPods.relay.split("/");
    await atNode(
      this.nodes.controlPlane,
      `${admin} delete namespace --wait=false ${openingsNamespace} ${askingPods.monitor.split("/")[0]}
${admin} -n ${namespace} delete pod --wait=false ${name}`,
    );
  }

  async takeAway(policies: readonly string[]): Promise<void> {
    await atNode(this.nodes.controlPlane, `${admin} delete ciliumclusterwidenetworkpolicies ${policies.join(" ")}`);
  }

  async putBack(policies: readonly object[]): Promise<void> {
    const command = `${admin} apply --server-side -f - <<'END'\n${documents(policies)}END`;
    await atNode(this.nodes.controlPlane, command);
  }

  /** On the worker itself: an agent that no policy reaches any more is told to let everything through. */
  async enforceNothing(): Promise<void> {
    await atNode(this.nodes.worker, agent("cilium-dbg config PolicyEnforcement=never"));
  }

  /** And to stop that, once it has heard of the policies: before, it would be cut off again. */
  async enforceAgain(policies: readonly string[]): Promise<void> {
    const heard = policies.map((name) => `until ${agent("cilium-dbg policy get")} | grep -q ${name}; do sleep 1; done`);
    await atNode(this.nodes.worker, [...heard, agent("cilium-dbg config PolicyEnforcement=always")].join("\n"));
  }

  /** Those whose traffic passes. Each machine is asked all of its questions at once, and all machines are at once. */
  async passing(openings: readonly Opening[]): Promise<ReadonlySet<Opening>> {
    const askers = [...new Set(openings.map(({ from }) => from))];
    const found = await Promise.all(
      askers.map(async (from) => {
        const own = openings.filter((opening) => opening.from === from);
        const passed = passedOf(await this.ask(from, atOnce(own.map(({ script }) => script))));
        return own.filter((_, index) => passed.has(index));
      }),
    );
    return new Set(found.flat());
  }

  private async ask(from: Asker, script: string): Promise<string> {
    switch (from) {
      case "controlPlane":
      case "worker":
        return atNode(this.nodes[from], script);
      case "jump":
      case "capi":
        return atConsole(from, script);
      case "router":
        return atConsole(lab().plan.bgp.routers[0].host, script);
      case "office":
        return (await lab().exec("office", ["bash", "-c", script])).stdout;
      case "client":
      case "relay":
      case "monitor": {
        const encoded = Buffer.from(script).toString("base64");
        const enter = `ctr -n k8s.io tasks exec --exec-id "test-$RANDOM" ${this.containers[from]}`;
        return atNode(this.nodes.worker, `${enter} bash -c "$(echo ${encoded} | base64 -d)"`);
      }
    }
  }
}
