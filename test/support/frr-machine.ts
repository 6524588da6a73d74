/** A machine that runs all of FRR from rendered files, started as Debian's frr.service starts it. */
import { RootMachine, type RootFile } from "./root-process";
import { waitFor } from "../../lab/run";

/** The files of /etc/frr beside frr.conf for a machine that no renderer describes. */
export const frrFiles = (configuration: string): RootFile[] => [
  { path: "/etc/frr/daemons", content: "bgpd=yes\nbfdd=yes\nvtysh_enable=yes\n", mode: "0640", owner: "frr:frr" },
  { path: "/etc/frr/vtysh.conf", content: "service integrated-vtysh-config\n", mode: "0640", owner: "frr:frrvty" },
  { path: "/etc/frr/frr.conf", content: configuration, mode: "0640", owner: "frr:frr" },
];

/** Starts FRR as the host `name` in a namespace and waits until bgpd has read its configuration. */
export async function startFrr(namespace: string, name: string, files: readonly RootFile[]): Promise<RootMachine> {
  const machine = await RootMachine.start(namespace, files);
  await machine.exec(["hostname", name]);
  for (const { path } of files.filter(({ path }) => path.startsWith("/etc/sysctl.d/")))
    await machine.exec(["sysctl", "--quiet", "--load", path]);
  await machine.exec(["install", "-d", "-o", "frr", "-g", "frrvty", "-m", "0775", "/run/frr"]);
  await machine.exec(["/usr/lib/frr/frrinit.sh", "start"]);
  await waitFor("bgpd's configuration", 20_000, async () => {
    const running = await machine.exec(["vtysh", "-c", "show running-config"]);
    return running.includes("router bgp") || undefined;
  });
  return machine;
}

/** What a `show … json` command says. */
export async function show<T>(machine: RootMachine, command: string): Promise<T> {
  return JSON.parse(await machine.exec(["vtysh", "-c", `show ${command} json`])) as T;
}
