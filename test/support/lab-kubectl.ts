/** kubectl as people in the office use it: with the kubeconfig that auth offers, kubelogin, and a home of their own. */
import { chmod, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { people } from "../../lab/fixtures/active-directory/people";
import { ensurePackages } from "../../lab/packages";
import { type RunResult, waitFor } from "../../lab/run";
import { kubeconfigName, loginPagePath } from "../../render/login";
import type { BrowserRequest, BrowserResult } from "./lab-browser";
import { identity, lab, officeScript, progress } from "./lab";

/** Debian packages on which the browser's side rests. */
export const browserPackages = ["chromium", "libnss3-tools"];

/** One person's machine: nothing of it is known to another one's. */
export interface Desk {
  readonly account: string;
  /** Runs kubectl; the kubeconfig is the one that was downloaded. Any exit code is accepted. */
  kubectl(...args: string[]): Promise<RunResult>;
  /**
   * Runs kubectl and logs in meanwhile, at the browser that it opens, or (device) at one that is told its code. Where the
   * browser ends elsewhere than at a login, kubectl is ended.
   */
  kubectlWithLogin(
    flow: "browser" | "device",
    ...args: string[]
  ): Promise<{ readonly run: RunResult; readonly browser: BrowserResult }>;
}

/** Stands where a desktop's does: it hands the address on to the browser, which the test drives. */
const xdgOpen = '#!/bin/sh\nprintf %s "$1" >"$HOME/opened.next"\nmv "$HOME/opened.next" "$HOME/opened"\n';

/** What kubelogin says to somebody without a browser (pkg/usecases/authentication/devicecode). */
const deviceUrl = /(https:\/\/\S+\/device\S*)/;

function personOf(account: string) {
  const person = people.find((each) => each.account === account);
  if (person === undefined) throw new Error(`the directory has no ${account}`);
  return person;
}

/** Sits somebody of the directory down at a machine in the office and downloads a cluster's kubeconfig there. */
export async function sitDown(account: string, clusterName: string): Promise<Desk> {
  await ensurePackages(browserPackages, progress);
  const { plan, operator, authority, prepared } = lab();
  const cluster = plan.clusters.find(({ name }) => name === clusterName);
  if (cluster === undefined) throw new Error(`the plan has no cluster ${clusterName}`);
  // It goes with the lab: a desk keeps its person's tokens.
  const home = await mkdtemp(join(identity.directory, "desk-"));
  const programs = join(home, "bin");
  await mkdir(programs);
  await writeFile(join(programs, "xdg-open"), xdgOpen);
  await chmod(join(programs, "xdg-open"), 0o755);
  const { kubectl, "kubectl-oidc_login": kubelogin } = prepared.toolchain.paths;
  const path = [programs, dirname(kubectl), dirname(kubelogin), operator.env.PATH].join(delimiter);
  // No variable of the operator's trust: the kubeconfig itself has to say whom to believe.
  const enter = (command: readonly string[]) => [
    "env",
    "-u",
    "SSL_CERT_FILE",
    `HOME=${home}`,
    `PATH=${path}`,
    ...command,
  ];
  const kubeconfig = join(home, "kubeconfig");
  const url = `${plan.login.issuer}${loginPagePath}${kubeconfigName(cluster)}`;
  await operator.run(["curl", "--silent", "--show-error", "--fail", "--output", kubeconfig, url], { timeout: 60_000 });

  const command = (args: readonly string[]) => [kubectl, `--kubeconfig=${kubeconfig}`, ...args];
  const person = personOf(account);
  const request = (target: string): BrowserRequest => ({
    url: target,
    username: person.account,
    password: person.password,
    authority: authority.certificateFile,
  });
  return {
    account,
    kubectl: (...args) => operator.run(enter(["timeout", "120", ...command(args)]), { accept: "any" }),
    async kubectlWithLogin(flow, ...args) {
      const said: string[] = [];
      const pidFile = join(home, "pid");
      const context = flow === "device" ? [`--context=${cluster.meshName}-device`] : [];
      // `timeout` leads a process group: ended, it takes kubectl and kubelogin along.
      const inGroup = [
        "sh",
        "-c",
        // The shell outlives it, and tells how it ended as an exit code.
        'timeout 150 "$@" & echo $! >"$HOME/pid"; wait $!',
        "sh",
        ...command([...context, ...args]),
      ];
      const running = operator.run(enter(inGroup), { accept: "any", onLine: (line) => said.push(line) });
      const ended = running.then((run) => {
        throw new Error(`kubectl ended before anybody logged in (${run.code}): ${run.stderr}`);
      });
      // Whoever ends first; after the login nobody waits for the other promise any more.
      ended.catch(() => undefined);
      const target = waitFor("kubectl to ask for a login", 60_000, async () =>
        flow === "device"
          ? deviceUrl.exec(said.join("\n"))?.[1]
          : readFile(join(home, "opened"), "utf8").catch(() => undefined),
      );
      const browser = await officeScript<BrowserResult>("lab-browser", request(await Promise.race([target, ended])));
      if (!isLoggedIn(browser)) {
        const pid = (await readFile(pidFile, "utf8")).trim();
        await operator.run(["kill", pid]);
      }
      return { run: await running, browser };
    },
  };
}

/** kubelogin's own page at the end of a browser's login, or dex's at the end of a device's. */
export const isLoggedIn = ({ url, text }: BrowserResult): boolean =>
  url.startsWith("http://localhost:") || /login successful/i.test(text);
