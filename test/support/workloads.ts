/** Workloads of a test's own in a deployed cluster, of Kubernetes' test image, with the policies that any workload brings. */
import { agnhostImage } from "../../lab/images/agnhost";
import { kubectl } from "../../lab/kubectl";
import { lab } from "./lab";

export const webPort = 8080;

/** One port of a policy's rule. */
export const tcpPort = (port: number) => [{ ports: [{ port: String(port), protocol: "TCP" }] }];

export const namespaceObject = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

/** A pod that waits for somebody to run a command in it. */
export const pausingPod = (namespace: string, name: string, labels: Readonly<Record<string, string>>) => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace, labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "agnhost", image: agnhostImage, args: ["pause"] }],
  },
});

/** On every node a server, labelled `app: NAME`, that tells its name at /hostname and who asks at /clientip. */
export const webOnEveryNode = (namespace: string, name: string) => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        tolerations: [{ operator: "Exists" }],
        terminationGracePeriodSeconds: 0,
        containers: [
          {
            name: "agnhost",
            image: agnhostImage,
            args: ["netexec", `--http-port=${webPort}`],
            readinessProbe: { httpGet: { path: "/healthz", port: webPort }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
});

/** A policy for the pods labelled `app: NAME`. */
export const policyOf = (namespace: string, name: string, spec: object) => ({
  apiVersion: "cilium.io/v2",
  kind: "CiliumNetworkPolicy",
  metadata: { name, namespace },
  spec: { endpointSelector: { matchLabels: { app: name } }, ...spec },
});

/** Applies objects and waits until all pods of these workloads (`deployment/web`) of their namespace are ready. */
export async function startWorkloads(
  cluster: string,
  namespace: string,
  objects: readonly object[],
  workloads: readonly string[],
): Promise<void> {
  const input = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
  await kubectl(lab(), cluster, ["apply", "--server-side", "--filename=-"], { input });
  const rollout = ["rollout", "status", `--namespace=${namespace}`, "--timeout=120s"];
  for (const each of workloads) await kubectl(lab(), cluster, [...rollout, each]);
}

/** Removes a namespace with all that is in it. */
export async function removeNamespace(cluster: string, namespace: string): Promise<void> {
  await kubectl(lab(), cluster, ["delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s"]);
}
