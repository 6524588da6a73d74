import type { ClusterPlan } from "../../plan/model";

/**
 * Ports of the pods. None is below 1024: the program runs as nobody, and whether nobody may listen on 53 is up to the
 * container runtime. The Service maps 53.
 */
export const ports = { dns: 1053, health: 8080, ready: 8181, metrics: 9153 } as const;

/** Seconds that answers live, negative ones too (the SOA's minimum, RFC 2308 §5): what a new service may be unknown for. */
const ttl = 30;

/** Seconds in which a pod that ends still answers: longer than BGP takes to send questions elsewhere. */
const lameDuck = 15;

/**
 * Label of the zone's own names: `ns1.{apex}.{zone}` is its name server. Every label of its kind can be a namespace, too; one of
 * this name would not be found.
 */
const apex = "nameserver";

/** The zone's name server, as its NS record says; a delegation must name the same (RFC 1034 §4.2.2). */
export const nameServer = (zone: string): string => `ns1.${apex}.${zone}`;

/**
 * Configuration of CoreDNS for one zone and nothing else: whatever is asked beside it is refused by the server itself.
 * Source: https://coredns.io/plugins/k8s_external, https://coredns.io/plugins/kubernetes.
 */
export function renderCorefile({ zone }: Pick<ClusterPlan, "zone">): string {
  return [
    `${zone}:${ports.dns} {`,
    "    errors",
    // Answers that fit any path unfragmented (DNS flag day 2020); longer ones come over TCP.
    "    bufsize 1232",
    // Without the transfer plugin k8s_external answers a transfer with an empty NOERROR, which looks like an empty zone.
    "    acl {",
    "        block type AXFR net *",
    "        block type IXFR net *",
    "    }",
    "    any",
    `    health :${ports.health} {`,
    `        lameduck ${lameDuck}s`,
    "    }",
    `    ready :${ports.ready}`,
    `    prometheus :${ports.metrics}`,
    // k8s_external asks this plugin, which itself must not own the zone.
    "    kubernetes cluster.local {",
    `        ttl ${ttl}`,
    "    }",
    `    k8s_external ${zone} {`,
    `        apex ${apex}`,
    `        ttl ${ttl}`,
    "        headless",
    "    }",
    "    loadbalance",
    "}",
    "",
  ].join("\n");
}

/** Seconds until a pod that ends is killed: the lame duck's, and what answering the last question takes. */
export const terminationGracePeriod = lameDuck + 15;
