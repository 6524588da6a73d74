/** DNS answers of each Active Directory server, asked as any client asks it. */
import { Resolver } from "node:dns/promises";
import type { ClusterPlan, RegionPlan } from "../plan/model";
import { askOne, findingOf, type Check, type Finding } from "./check";
import type { LoadBalancer } from "./services";

/** Milliseconds and tries of one question. */
const patience = { timeout: 3_000, tries: 2 };

/** A name server that is asked directly, whatever this machine's resolver says. */
export function nameServer(address: string): Resolver {
  const resolver = new Resolver(patience);
  resolver.setServers([address]);
  return resolver;
}

const list = (values: readonly string[]): string => (values.length === 0 ? "nothing" : values.join(", "));

/** Answers as they should be: exactly the one value. */
export const judgeAnswer = (wanted: string, answers: readonly string[]): Finding =>
  findingOf(list(answers), [answers.join() !== wanted && `answers ${list(answers)}; it should answer ${wanted}`]);

const withoutDot = (name: string): string => name.replace(/\.$/, "");

async function resolve(server: Resolver, name: string, type: "A" | "PTR"): Promise<string[]> {
  const answers = type === "A" ? await server.resolve4(name) : await server.resolvePtr(name);
  return answers.map(withoutDot);
}

/** A name as it is written in a cluster's zone. */
export const serviceName = (
  cluster: ClusterPlan,
  { name, namespace }: Pick<LoadBalancer, "name" | "namespace">,
): string => `${name}.${namespace}.${cluster.zone}`;

/** The region's own records and every LoadBalancer service's name, at each server. */
export async function checkNames(
  plan: RegionPlan,
  services: ReadonlyMap<string, readonly LoadBalancer[]>,
): Promise<readonly Check[]> {
  const ofServices = plan.clusters.flatMap((cluster) =>
    (services.get(cluster.name) ?? []).flatMap((service) =>
      service.address === undefined
        ? []
        : [{ name: serviceName(cluster, service), type: "A" as const, value: service.address }],
    ),
  );
  const found = await Promise.all(
    plan.dns.nameservers.map((address) => {
      const server = nameServer(address);
      return Promise.all(
        [...plan.dns.records, ...ofServices].map(({ name, type, value }) =>
          askOne("name", `${name} ${type}`, `DNS query to ${address}`, async () =>
            judgeAnswer(value, await resolve(server, name, type)),
          ),
        ),
      );
    }),
  );
  return found.flat(2);
}
