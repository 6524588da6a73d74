/** The page on auth that says how to use `kubectl`, and how its files get there. */
import { createHash } from "node:crypto";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { kubeconfigName } from "./login";
import { quoteWord } from "./shell";

/** Folder on auth that Caddy serves; `up` fills it over SSH, so that a new cluster does not replace auth. */
export const loginPageFolder = "/srv/kubectl";
const pageName = "index.html";

const escape = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

const clustersOf = (plan: RegionPlan): ClusterPlan[] => plan.clusters.filter(({ state }) => state === "deployed");

function clusterItem(cluster: ClusterPlan): string {
  const file = kubeconfigName(cluster);
  return `<li><a href="${file}" download="${escape(cluster.meshName)}.yaml">${escape(cluster.name)}</a></li>`;
}

/** The page: dex's own style, no script. HTML 5, UTF-8. */
export function renderLoginPage(plan: RegionPlan): string {
  const clusters = clustersOf(plan);
  const title = `kubectl on Kubernetes ${escape(plan.site)}`;
  const example = escape(`${clusters[0]?.meshName ?? plan.site}-device`);
  const offer =
    clusters.length === 0 ? ["<p>This site has no cluster yet.</p>"] : ["<ul>", ...clusters.map(clusterItem), "</ul>"];
  return `${[
    "<!DOCTYPE html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${title}</title>`,
    '<link rel="stylesheet" href="/static/main.css">',
    '<link rel="stylesheet" href="/theme/styles.css">',
    "</head>",
    '<body class="theme-body">',
    '<main class="dex-container">',
    '<div class="theme-panel">',
    `<h1 class="theme-heading">${title}</h1>`,
    "<ol>",
    '<li>Install <a href="https://kubernetes.io/docs/tasks/tools/">kubectl</a>.</li>',
    '<li>Install <a href="https://github.com/int128/kubelogin">kubelogin</a>: <code>kubectl krew install oidc-login</code></li>',
    "<li>Download a cluster&#8217;s file, and type <code>kubectl --kubeconfig FILE get pods</code>: your browser opens.</li>",
    "</ol>",
    ...offer,
    `<p>No browser on that machine? <code>--context ${example}</code> shows a code for one elsewhere.</p>`,
    "</div>",
    "</main>",
    "</body>",
    "</html>",
  ].join("\n")}\n`;
}

/** A command for the account `deploy` over SSH, and what it reads from its standard input. */
export interface Delivery {
  readonly command: string;
  readonly stdin: string;
}

/** Puts a file into the folder, whole or not at all: a connection that breaks must not leave the first half of one. */
function deliver(name: string, content: string, then: readonly string[] = []): Delivery {
  const digest = createHash("sha256").update(content).digest("hex");
  const script = [
    "umask 022",
    `mkdir -p ${loginPageFolder}`,
    `new=$(mktemp ${loginPageFolder}.XXXXXX)`,
    `trap 'rm -f "$new"' EXIT`,
    'cat >"$new"',
    `printf '%s  %s\\n' ${digest} "$new" | sha256sum --check --status`,
    'chmod 0644 "$new"',
    `mv "$new" ${loginPageFolder}/${name}`,
    ...then,
  ].join("\n");
  return { command: `sudo sh -euc ${quoteWord(script)}`, stdin: content };
}

/** Delivers the page, and removes the kubeconfigs of clusters that the plan does not deploy any more. */
export function deliverLoginPage(plan: RegionPlan): Delivery {
  const kept = [pageName, ...clustersOf(plan).map(kubeconfigName)].map((name) => `! -name ${quoteWord(name)}`);
  return deliver(pageName, renderLoginPage(plan), [
    `find ${loginPageFolder} -mindepth 1 -maxdepth 1 ${kept.join(" ")} -exec rm -rf {} +`,
  ]);
}

/** Delivers a cluster's kubeconfig (`renderUserKubeconfig`). */
export const deliverKubeconfig = (cluster: ClusterPlan, kubeconfig: string): Delivery =>
  deliver(kubeconfigName(cluster), kubeconfig);
