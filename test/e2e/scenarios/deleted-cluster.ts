import { kubectl, managementPlane } from "../../../lab/kubectl";
import { lab, labStackFile, onHost, progress } from "../../support/lab";
import { vcenterSnapshot } from "../../support/lab-snapshot";
import { expectNoChanges } from "./no-changes";

const deleted = () => lab().plan.clusters.find(({ name }) => name === "workloads")!;

/** What the management plane holds in a namespace, by kind and name. */
async function objectsIn(namespace: string): Promise<string[]> {
  const kinds = "clusters,machines,vspherevms,vspheremachinetemplates,kubeadmconfigtemplates,ipaddressclaims,secrets";
  const query = ["get", kinds, `--namespace=${namespace}`, "--output=name", "--ignore-not-found"];
  const { stdout } = await kubectl(lab(), managementPlane, query);
  return stdout.split("\n").filter((line) => line !== "");
}

/** What Active Directory's servers say to a question that cannot be cached: status and authority. */
async function asked(server: string, name: string, type: string): Promise<string> {
  const { stdout } = await lab().exec("office", ["dig", "+time=3", "+tries=1", `@${server}`, name, type], {
    accept: "any",
  });
  return stdout;
}

/** A cluster that the site file no longer wants: nothing of it stays anywhere, and its neighbour does not notice. */
export function deletedCluster(): void {
  describe("a deleted cluster", () => {
    test("was there, for the test to see it go", async () => {
      const { folder, namespace, zone } = deleted();
      expect((await vcenterSnapshot()).filter((line) => line.includes(`/${folder}/`))).not.toEqual([]);
      expect(await objectsIn(namespace)).not.toEqual([]);
      const [server] = lab().plan.dns.nameservers;
      expect(await asked(server, zone, "SOA")).toContain("status: NOERROR");
    });

    test("leaves no machine, folder, claim, template, Secret, forwarder, delegation or route", async () => {
      const { folder, namespace, zone, balancers } = deleted();
      const others = (await vcenterSnapshot()).filter((line) => !line.includes(folder));
      await labStackFile({ overlay: { "clusters.workloads.state": "planned" } });
      const began = Date.now();
      await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never"]);
      progress.say(`deleting a cluster took ${Math.round((Date.now() - began) / 1000)} s`);
      const after = await vcenterSnapshot();
      expect(after.filter((line) => line.includes(folder))).toEqual([]);
      expect(after.filter((line) => !others.includes(line) && !line.startsWith("namespace "))).toEqual([]);
      expect(await objectsIn(namespace)).toEqual([]);
      const { stdout } = await kubectl(lab(), managementPlane, ["get", "namespace", namespace, "--ignore-not-found"]);
      expect(stdout).toBe("");
      for (const server of lab().plan.dns.nameservers) {
        expect(await asked(server, zone, "SOA")).toContain("status: NXDOMAIN");
      }
      const network = balancers.replace(/0\/24$/, "");
      for (const { host } of lab().plan.bgp.routers) {
        const routes = JSON.parse(await onHost(host, "vtysh -c 'show ip route bgp json'\n")) as Record<string, unknown>;
        expect(Object.keys(routes).filter((prefix) => prefix.startsWith(network))).toEqual([]);
      }
      await expectNoChanges();
    }, 900_000);

    test("and the other cluster still serves", async () => {
      const others = lab().plan.clusters.filter(({ name }) => name !== deleted().name);
      for (const { name, zone } of others) {
        const { stdout } = await kubectl(lab(), name, ["get", "--raw", "/readyz"]);
        expect(stdout).toBe("ok");
        for (const server of lab().plan.dns.nameservers) {
          expect(await asked(server, zone, "SOA")).toContain("status: NOERROR");
        }
      }
    });
  });
}
