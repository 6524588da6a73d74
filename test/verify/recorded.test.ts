/**
 * The verdicts on what a real cluster said: recorded with kubectl from two kubeadm nodes v1.34.2 with Cilium 1.19.3 that spoke BGP
 * to two of our routers (`recorded/`, cut down to what may be judged). No cloud provider ran, and one service had no address.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planRegion } from "../../plan/plan";
import type { Finding } from "../../verify/check";
import { judgeCilium } from "../../verify/cilium";
import type { KubeObject } from "../../verify/kubernetes";
import { judgeNodes } from "../../verify/nodes";
import { loadBalancers, speakers } from "../../verify/services";
import { judgeNodeSessions } from "../../verify/sessions";
import { exampleSites } from "../support/example-sites";

const recorded = (name: string) =>
  JSON.parse(readFileSync(join(__dirname, "recorded", `${name}.json`), "utf8")) as KubeObject[];

const sites = exampleSites();
sites.siziano.clusters.management.controlPlane.replicas = 1;
sites.siziano.clusters.management.workers.general.replicas = 1;
const plan = planRegion(sites, "siziano");
const [cluster] = plan.clusters;
const [first, second] = plan.bgp.groups[0].nodes;
const workloads = recorded("workloads");
const cilium = recorded("cilium");

const failed = (rows: readonly (readonly [string, Finding])[]) =>
  rows.filter(([, { verdict }]) => verdict === "fail").map(([subject, { detail }]) => `${subject}: ${detail}`);

test("nodes: all but the cloud provider's part", () =>
  expect(failed(judgeNodes(cluster, workloads))).toEqual([
    "management: n1: has no provider id of vSphere",
    "management: n2: has no provider id of vSphere",
  ]));

test("Cilium: agents, operator, and a WireGuard key for each node", () => {
  const rows = judgeCilium(sites.siziano, cluster, workloads, cilium);
  expect(failed(rows)).toEqual([]);
  expect(rows.map(([subject]) => subject)).toEqual(
    ["agents", "operator", "n1", "n2"].map((each) => `management: ${each}`),
  );
  expect(rows.slice(2).map(([, { detail }]) => detail)).toEqual([
    expect.stringMatching(/^pods 10\.64\.0\.0\/24, WireGuard key \S{44}$/),
    expect.stringMatching(/^pods 10\.64\.1\.0\/24, WireGuard key \S{44}$/),
  ]);
});

test("sessions of both nodes with both routers", () => {
  const rows = judgeNodeSessions(plan, cluster, [...workloads, ...cilium]);
  expect(failed(rows)).toEqual([]);
  expect(rows).toHaveLength(4);
});

test("services: the one with endpoints on both nodes, and the one that got no address", () => {
  const all = [...workloads, ...cilium];
  expect([...speakers(all).values()]).toEqual([first, second]);
  const [web, refused] = loadBalancers(all);
  expect(web).toMatchObject({
    name: "lb",
    address: expect.stringMatching(/^172\.21\.10\./),
    announcedBy: [first, second],
  });
  expect(refused).toMatchObject({ name: "stealer", address: undefined });
});
