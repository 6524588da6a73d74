/** The workload of the headline: `ui` in namespace `argocd` of the cluster `management`. */
import { kubectl } from "../kubectl";
import type { Lab } from "../lab";
import { webServiceObjects } from "./web";

const home = "management";
export const ui = { namespace: "argocd", name: "ui", replicas: 2 } as const;

/** Applies it where that cluster is deployed, and waits until its pods are ready. */
export async function startUi(lab: Lab, clusters: readonly string[]): Promise<void> {
  if (!clusters.includes(home)) return;
  const list = { apiVersion: "v1", kind: "List", items: webServiceObjects(ui) };
  const input = JSON.stringify(list);
  await kubectl(lab, home, ["apply", "--server-side", "--field-manager=lab", "--filename=-"], { input });
  const deployment = `deployment/${ui.name}`;
  await kubectl(lab, home, ["rollout", "status", deployment, `--namespace=${ui.namespace}`, "--timeout=180s"]);
}
