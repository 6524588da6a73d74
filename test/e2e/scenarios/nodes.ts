/** Every node of every deployed cluster: as planned, as Kubernetes, Cluster API and vCenter know it, and as it is itself. */
import { managementPlane } from "../../../lab/kubectl";
import { addressText, isInside, prefixLengthOf, spanOf, spanOfRange } from "../../../plan/cidr";
import { answersOf } from "../../support/answers";
import {
  ask,
  deployed,
  internalAddress,
  isControlPlane,
  type Items,
  nodesOf,
  onNode,
} from "../../support/cluster-nodes";
import { lab } from "../../support/lab";

interface Claim {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly poolRef: { readonly name: string } };
}

interface Address extends Claim {
  readonly spec: Claim["spec"] & { readonly address: string; readonly claimRef: { readonly name: string } };
}

const questions = {
  hostname: "hostname",
  // The first one: the API address and Cilium's own come after it.
  address: "ip -brief -4 address show dev ens192 | tr -s ' ' | cut -d ' ' -f 3",
  mtu: "cat /sys/class/net/ens192/mtu",
  gateway: "ip -4 route show default | cut -d ' ' -f 3,5",
  resolvers: "resolvectl dns ens192 | cut -d : -f 2-",
  domains: "resolvectl domain ens192 | cut -d : -f 2-",
  uuid: "cat /sys/class/dmi/id/product_uuid",
  accounts: "getent passwd | awk -F: '$3 >= 1000 && $3 < 60000 { print $1 }' | sort | xargs",
  proxies: "pgrep -c kube-proxy || true",
  serviceRules: "{ nft list ruleset; iptables-save; } 2>/dev/null | grep -c KUBE-SVC || true",
  failedUnits: "systemctl list-units --failed --plain --no-legend",
} as const;

const factsOf = (address: string) => answersOf((script) => onNode(address, script), questions);

export function nodes(): void {
  describe("every node", () => {
    test("is there as often as planned, ready, without a taint of its beginnings", async () => {
      for (const cluster of deployed()) {
        const all = await nodesOf(cluster);
        const planned = cluster.workers.reduce((sum, pool) => sum + pool.replicas, cluster.controlPlane.replicas);
        expect([cluster.name, all.length]).toEqual([cluster.name, planned]);
        for (const { metadata, status, spec } of all) {
          const ready = status.conditions.find(({ type }) => type === "Ready")?.status;
          const taints = (spec.taints ?? []).map(({ key }) => key);
          expect({ node: metadata.name, ready }).toEqual({ node: metadata.name, ready: "True" });
          expect(taints.filter((key) => key !== "node-role.kubernetes.io/control-plane")).toEqual([]);
        }
      }
    });

    test("has an address of its cluster's slice, and the pool knows whose it is", async () => {
      for (const cluster of deployed()) {
        const used = (await nodesOf(cluster)).map(internalAddress).sort();
        const slice = cluster.nodeRanges.map(spanOfRange);
        for (const address of used) expect(slice.some((range) => isInside(spanOf(address), range))).toBe(true);
        const namespace = `--namespace=${cluster.namespace}`;
        const { items: claims } = await ask<Items<Claim>>(
          managementPlane,
          "ipaddressclaims.v1beta2.ipam.cluster.x-k8s.io",
          namespace,
        );
        const { items: given } = await ask<Items<Address>>(
          managementPlane,
          "ipaddresses.v1beta2.ipam.cluster.x-k8s.io",
          namespace,
        );
        expect(given.map(({ spec }) => spec.address).sort()).toEqual(used);
        expect(given.map(({ spec }) => spec.claimRef.name).sort()).toEqual(
          claims.map(({ metadata }) => metadata.name).sort(),
        );
      }
    });

    test("is itself what it was planned to be", async () => {
      const { plan } = lab();
      for (const cluster of deployed()) {
        for (const node of await nodesOf(cluster)) {
          const address = internalAddress(node);
          const { uuid, address: addresses, ...facts } = await factsOf(address);
          expect(facts).toEqual({
            hostname: node.metadata.name,
            mtu: String(cluster.mtu),
            gateway: `${plan.vlan.gateway} ens192`,
            resolvers: plan.dns.nameservers.join(" "),
            domains: plan.dns.searchDomains.join(" "),
            accounts: "lab",
            proxies: "0",
            serviceRules: "0",
            failedUnits: "",
          });
          expect(addresses).toBe(`${address}/${plan.vlan.prefixLength}`);
          expect(node.spec.providerID).toBe(`vsphere://${uuid.toLowerCase()}`);
        }
      }
    });

    test("has a /24 of its cluster's pods to itself", async () => {
      for (const cluster of deployed()) {
        const ranges = (await nodesOf(cluster)).map(({ spec }) => spec.podCIDR);
        expect(ranges.map(prefixLengthOf)).toEqual(ranges.map(() => 24));
        for (const range of ranges) expect(isInside(spanOf(range), spanOf(cluster.pods))).toBe(true);
        expect(new Set(ranges.map((range) => addressText(spanOf(range).first))).size).toBe(ranges.length);
      }
    });
  });

  describe("every cluster", () => {
    test("has no kube-proxy", async () => {
      for (const { name } of deployed()) {
        const { items } = await ask<Items<Claim>>(name, "daemonsets,pods", "--namespace=kube-system");
        expect(items.map(({ metadata }) => metadata.name).filter((each) => each.startsWith("kube-proxy"))).toEqual([]);
      }
    });

    test("has its API address on exactly one control plane node, which kube-vip chose", async () => {
      for (const cluster of deployed()) {
        const { spec } = await ask<{ spec: { holderIdentity: string } }>(
          cluster.name,
          "lease",
          "plndr-cp-lock",
          "--namespace=kube-system",
        );
        const holders: string[] = [];
        for (const node of await nodesOf(cluster)) {
          const all = await onNode(internalAddress(node), "ip -brief -4 address show dev ens192\n");
          if (all.includes(`${cluster.apiVip}/32`)) holders.push(node.metadata.name);
        }
        expect(holders).toEqual([spec.holderIdentity]);
      }
    });

    test("keeps its Secrets encrypted, with a key that no object of Cluster API shows", async () => {
      const { encryptionKeys } = lab().stack.values();
      const keys = JSON.parse(encryptionKeys) as Record<string, string>;
      for (const cluster of deployed()) {
        const kinds = "kubeadmcontrolplanes,kubeadmconfigs,kubeadmconfigtemplates,machines,vspheremachines,vspherevms";
        const shown = JSON.stringify(await ask(managementPlane, kinds, `--namespace=${cluster.namespace}`));
        expect(shown.includes(keys[cluster.name]!)).toBe(false);
        const node = (await nodesOf(cluster)).find(isControlPlane)!;
        // etcd's own files: what is not encrypted would lie there in clear.
        const found = await onNode(
          internalAddress(node),
          "grep -c -a 'k8s:enc:secretbox:v1:key1' /var/lib/etcd/member/snap/db\n",
        );
        expect(Number(found)).toBeGreaterThan(0);
      }
    });
  });
}
