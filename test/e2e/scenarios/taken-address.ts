import { stringify } from "yaml";
import { kubectl } from "../../../lab/kubectl";
import { clusterDnsObjects } from "../../../render/cluster-dns/objects";
import { lab, pulumiFails } from "../../support/lab";
import { urnOf } from "../../support/lab-state";

const cluster = () => lab().plan.clusters.find(({ name }) => name === "workloads")!;

/** What `up` does where another Service has the address of a cluster's DNS. */
export function takenAddress(): void {
  test("a `.10` that another Service has ends up with the cause; once that is gone, the next up passes", async () => {
    const { name, zone, dnsAddress } = cluster();
    const { metadata, spec } = clusterDnsObjects(lab().plan, cluster()).service;
    const squatter = { apiVersion: "v1", kind: "Service", metadata: { ...metadata, name: "squatter" }, spec };
    const namespace = `--namespace=${metadata.namespace}`;
    const remove = ["delete", "service", "squatter", namespace, "--ignore-not-found"];
    // It waits for the address, and gets it in the moment in which somebody deletes the Service that had it.
    await kubectl(lab(), name, ["apply", "--filename=-"], { input: stringify(squatter) });
    try {
      const [service, address] = await Promise.all(
        ["service", "address"].map((role) => urnOf(`${lab().plan.site}-k8s-${name}-dns-${role}`)),
      );
      await kubectl(lab(), name, ["delete", "service", metadata.name, namespace]);
      const targets = [service, address].flatMap((urn) => ["--target", urn]);
      const said = await pulumiFails(["up", "--yes", "--skip-preview", "--refresh", ...targets]);
      expect(said).toContain(`${zone}: its name server has not got ${dnsAddress} within`);
      expect(said).toContain(`The IP '${dnsAddress}' is already allocated to another service`);
      expect(said).toContain(`the Service ${metadata.namespace}/squatter has it: delete it, then run up again`);
      await kubectl(lab(), name, remove);
      await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never"]);
    } finally {
      await kubectl(lab(), name, remove);
    }
    const { stdout } = await lab().exec("office", [
      "dig",
      "+short",
      "+time=2",
      "+tries=15",
      `@${dnsAddress}`,
      zone,
      "SOA",
    ]);
    expect(stdout).not.toBe("");
  }, 600_000);
}
