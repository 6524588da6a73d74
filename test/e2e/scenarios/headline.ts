import { startUi, ui } from "../../../lab/workloads/ui";
import { fetchKubeconfigs, kubectl } from "../../../lab/kubectl";
import { deploy } from "../../../lab/lab";
import { labStatus } from "../../../lab/status/status";
import { waitFor } from "../../../lab/run";
import { identity, lab, onHost, progress } from "../../support/lab";
import { vcenterSnapshot } from "../../support/lab-snapshot";

const home = () => lab().plan.clusters.find(({ name }) => name === "management")!;
const name = () => `${ui.name}.${ui.namespace}.${home().zone}`;

/** The address that Cilium gave the service, as the cluster itself says. */
export async function uiAddress(): Promise<string> {
  const query = ["get", "service", ui.name, `--namespace=${ui.namespace}`];
  const path = "--output=jsonpath={.status.loadBalancer.ingress[0].ip}";
  const { stdout } = await kubectl(lab(), home().name, [...query, path]);
  if (stdout === "") throw new Error(`${ui.name} has no address yet`);
  return stdout;
}

/** A page of the service, asked for by name as anybody in the office does. */
const curl = (path: string) =>
  lab().exec("office", ["curl", "--silent", "--show-error", "--fail", "--max-time", "5", `http://${name()}${path}`]);

/** From an empty vCenter to a name that answers: the way there, hop by hop. */
export function headline(): void {
  describe("one `pulumi up` on an empty vCenter", () => {
    test("ends with a serving region", async () => {
      expect((await vcenterSnapshot()).filter((line) => line.includes(lab().plan.folder))).toEqual([]);
      const began = Date.now();
      await deploy(lab(), progress);
      progress.say(`up from empty to clusters that serve: ${Math.round((Date.now() - began) / 1000)} s`);
      const clusters = await fetchKubeconfigs(lab());
      expect([...clusters].sort()).toEqual(lab().plan.clusters.map((cluster) => cluster.name));
      await startUi(lab(), clusters);
      const { machines } = await labStatus(identity);
      const usage = machines.flatMap((machine) => (machine.usage ? [{ name: machine.name, ...machine.usage }] : []));
      const sum = (of: (each: (typeof usage)[number]) => number) => usage.reduce((total, each) => total + of(each), 0);
      for (const { name: machine, memoryMiB, cpuSeconds } of usage) {
        progress.say(`${machine}: ${memoryMiB} MiB, ${cpuSeconds} s of processor time`);
      }
      progress.say(`all machines: ${sum((each) => each.memoryMiB)} MiB, ${sum((each) => each.cpuSeconds)} s`);
    }, 1_500_000);

    test("and then a client in the office gets an answer by the service's name", async () => {
      const page = await waitFor("the page", 60_000, async () => (await curl("/hostname")).stdout, 1_000);
      const pods = ["get", "pods", `--namespace=${ui.namespace}`, "--output=name"];
      const { stdout } = await kubectl(lab(), home().name, pods);
      expect(stdout.trim().split("\n")).toContain(`pod/${page}`);
    });
  });

  describe("every hop to it is the real one", () => {
    test("each Active Directory server answers with the address that Cilium gave", async () => {
      const address = await uiAddress();
      for (const server of lab().plan.dns.nameservers) {
        const { stdout } = await lab().exec("office", ["dig", "+short", "+time=3", `@${server}`, name(), "A"]);
        expect({ server, answer: stdout.trim() }).toEqual({ server, answer: address });
      }
    });

    test("gw knows the way to it and to the DNS by both routers, and each router by the cluster's nodes", async () => {
      const { stdout: nodes } = await kubectl(lab(), home().name, [
        "get",
        "nodes",
        '--output=jsonpath={range .items[*]}{.status.addresses[?(@.type=="InternalIP")].address}{"\\n"}{end}',
      ]);
      const eligible = nodes.trim().split("\n").sort();
      const routers = lab().plan.bgp.routers.map(({ address }) => address);
      const address = await uiAddress();
      const gateways = async (show: () => Promise<string>) =>
        (JSON.parse(await show()) as Record<string, { nexthops: { ip?: string; fib?: boolean }[] }[]>)[
          `${address}/32`
        ]?.flatMap(({ nexthops }) => nexthops.flatMap(({ ip, fib }) => (fib && ip ? [ip] : [])));
      const show = `show ip route ${address}/32 json`;
      const onGateway = await gateways(async () => (await lab().exec("gw", ["vtysh", "-c", show])).stdout);
      expect(onGateway?.sort()).toEqual([...routers].sort());
      for (const { host } of lab().plan.bgp.routers) {
        const onRouter = await gateways(() => onHost(host, `vtysh -c '${show}'\n`));
        expect({ host, nodes: onRouter?.sort() }).toEqual({ host, nodes: eligible });
      }
    });
  });
}
