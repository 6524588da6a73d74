/** The lab's command line: `npm run lab -- VERB`. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fetchKubeconfigs, kubectlCommand } from "./kubectl";
import { deploy, exclusively, startLab, stopLab } from "./lab";
import type { LabIdentity } from "./paths";
import { labIdentity, namespaceName } from "./paths";
import { prepare } from "./prepare";
import { consoleProgress } from "./progress";
import { sshCommand } from "./ssh";
import { labStatus } from "./status/status";
import { renderStatus } from "./status/table";
import { inNamespace, waitFor } from "./run";
import { fixturesDirectory } from "./guests";
import { ensureToolchain } from "./toolchain";
import { startUi } from "./workloads/ui";

const help = `Usage: npm run lab -- [VERB] [OPTIONS]

A whole region on this machine, in network namespaces of its own. Linux and root.

  up              (default) prepare the machine, start everything around the region, run \`pulumi up\`, show the status
  prepare         only make what is kept: Debian packages, programs, root file systems, package mirror
  status          what runs
  ssh HOST [-- COMMAND...]
                  a shell on a host of the region (through the jump host) or on a machine around it (gw, ad1, office, ...)
  kubectl CLUSTER [-- ARGUMENTS...]
                  kubectl as an administrator in the office, on a cluster or on the management plane (capi)
  logs NAME       what a machine or vCenter wrote to its console
  down            remove everything of this lab

  --site NAME     site file to build: Pulumi.NAME.yaml; default siziano
  --name NAME     name of the lab, where one site is to have two; default the site's
  --no-deploy     \`up\` stops before \`pulumi up\`
  --json          status: as JSON on standard output
  --help          this text

Exit codes: 0 done; 1 failed; 2 wrong usage or wrong machine.
`;

class UsageError extends Error {}

/** Runs a program at the user's terminal and returns its exit code. */
function atTerminal(command: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), { stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

async function openShell(lab: LabIdentity, host: string | undefined, command: readonly string[]): Promise<number> {
  if (!host) throw new UsageError("ssh: which HOST? `status` lists them");
  const progress = consoleProgress(() => undefined);
  const stateDir = join(fixturesDirectory(lab), host);
  if (existsSync(stateDir)) {
    const { hypervisor } = (await ensureToolchain({ progress, names: ["hypervisor"] })).paths;
    const wanted = command.length > 0 ? command : ["bash", "-l"];
    return atTerminal([hypervisor, "guest", "exec", "--state-dir", stateDir, "--", ...wanted]);
  }
  // The region's hosts have their site's name before their own in vCenter; people leave it out.
  return atTerminal(
    inNamespace(namespaceName(lab, "office"), sshCommand(lab, host.replace(`${lab.site}-`, ""), command)),
  );
}

async function openKubectl(lab: LabIdentity, cluster: string | undefined, args: readonly string[]): Promise<number> {
  if (!cluster) throw new UsageError("kubectl: on which CLUSTER? `status` lists them");
  const { kubectl } = (await ensureToolchain({ progress: consoleProgress(() => undefined), names: ["kubectl"] })).paths;
  return atTerminal(inNamespace(namespaceName(lab, "office"), kubectlCommand(lab, kubectl, cluster, args)));
}

async function showLog(lab: LabIdentity, name: string | undefined): Promise<number> {
  const { machines } = await labStatus(lab);
  const found = machines.find((each) => each.name === name || each.name === `${lab.site}-${name}`);
  if (!found)
    throw new UsageError(
      `logs: NAME is one of ${machines.map((each) => each.name).join(", ") || "none: the lab is down"}`,
    );
  return atTerminal(["tail", "-n", "+1", found.log]);
}

async function showStatus(lab: LabIdentity, json: boolean): Promise<void> {
  const status = await labStatus(lab);
  process.stdout.write(json ? `${JSON.stringify({ ...lab, ...status }, null, 2)}\n` : renderStatus(lab, status));
}

/** A host that has booted needs some seconds more until its routing daemon has found gw. */
async function sessionsEstablished(lab: LabIdentity): Promise<void> {
  await waitFor("gw's BGP sessions to be established", 60_000, async () => {
    const { sessions } = await labStatus(lab);
    const others = sessions.filter(({ state }) => state !== "Established");
    if (others.length > 0) throw new Error(others.map(({ peer, state }) => `${peer} is ${state}`).join(", "));
    return true;
  });
}

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      site: { type: "string", default: "siziano" },
      name: { type: "string" },
      "no-deploy": { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  if (process.platform !== "linux" || process.getuid?.() !== 0) {
    throw new UsageError("the lab needs Linux and root: it makes network namespaces, mounts and containers");
  }
  const [verb = "up", ...rest] = positionals;
  const lab = labIdentity(values.site, values.name);
  const progress = consoleProgress();
  switch (verb) {
    case "up":
      await exclusively(lab, progress, async () => {
        const started = await startLab(lab, progress);
        if (values["no-deploy"]) return;
        await deploy(started, progress);
        await progress.step("BGP between gw and the routers", () => sessionsEstablished(lab));
        const clusters = await fetchKubeconfigs(started);
        await progress.step("workloads of the lab", () => startUi(started, clusters));
      });
      await showStatus(lab, values.json);
      return 0;
    case "prepare":
      await prepare(progress);
      return 0;
    case "status":
      await showStatus(lab, values.json);
      return 0;
    case "ssh":
      return openShell(lab, rest[0], rest.slice(1));
    case "kubectl":
      return openKubectl(lab, rest[0], rest.slice(1));
    case "logs":
      return showLog(lab, rest[0]);
    case "down":
      await exclusively(lab, progress, () => stopLab(lab, progress));
      return 0;
    default:
      throw new UsageError(`unknown verb ${verb}; see --help`);
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const usage = error instanceof UsageError || (error instanceof TypeError && "code" in error);
    process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = usage ? 2 : 1;
  },
);
