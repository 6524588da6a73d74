/** A workload cluster's objects as a real API server judges them, and what waiting for them says. */
import { cloudCredentials, cloudCredentialValues, renderCloudProvider } from "../../render/cloud-provider";
import { renderAuthentication } from "../../render/cluster/authentication";
import { renderNamespace } from "../../render/cluster/cluster";
import { renderGroupBindings } from "../../render/cluster/groups";
import { renderHealthChecks } from "../../render/cluster/health";
import {
  encryption,
  encryptionValues,
  vcenterCredentials,
  vcenterCredentialValues,
} from "../../render/cluster/secrets";
import { awaitInitialized, awaitRolledOut } from "../../render/cluster/waiting";
import { apis, clusterNames } from "../../render/cluster/names";
import { clusterDnsObjects } from "../../render/cluster-dns/objects";
import { awaitDnsAddress } from "../../render/cluster-dns/waiting";
import { encryptionConfiguration } from "../../render/encryption";
import { kubeVipPod } from "../../render/kube-vip";
import type { KubernetesObject } from "../../render/kubernetes-object";
import { run } from "../../lab/run";
import { clusterApiCrds } from "../support/cluster-api-crds";
import { exampleCluster, exampleThumbprint } from "../support/example-cluster";
import { startKubeApi, type KubeApi } from "../support/kube-api";
import { labProgram } from "../support/lab-program";

// The API server is built at the first call ever.
jest.setTimeout(1_800_000);

const { site, plan, cluster, objects, all } = exampleCluster();
const key = Buffer.alloc(32, 7).toString("base64");

/** As Cilium's LB-IPAM leaves a Service that it has no address for. */
const unsatisfied = {
  type: "cilium.io/IPAMRequestSatisfied",
  status: "False",
  reason: "already_allocated",
  lastTransitionTime: new Date(0).toISOString(),
};

let api: KubeApi;
beforeAll(async () => {
  api = await startKubeApi({
    crds: await clusterApiCrds(),
    files: { "encryption.yaml": encryptionConfiguration(key) },
    flags: ["--encryption-provider-config=$FOLDER/encryption.yaml"],
  });
  expect(await api.apply(renderNamespace(cluster))).toMatchObject({ status: 201 });
});
afterAll(() => api?.stop());

const accepted = async (object: KubernetesObject) => {
  const { status, warnings, body } = await api.apply(object);
  expect({ kind: object.kind, name: object.metadata.name, status, warnings, message: body.message }).toEqual({
    kind: object.kind,
    name: object.metadata.name,
    status: expect.any(Number),
    warnings: [],
    message: undefined,
  });
  expect([200, 201]).toContain(status);
};

describe("the API server takes, without a warning,", () => {
  test.each(all.map((object) => [object.kind, object] as const))("%s", async (_kind, object) => accepted(object));

  test("Secrets, kube-vip's pod and the site's groups", async () => {
    await accepted({ ...vcenterCredentials(cluster), stringData: vcenterCredentialValues(site, "p") });
    await accepted({ ...encryption(cluster), stringData: encryptionValues(key) });
    await accepted(kubeVipPod(plan, cluster));
    for (const binding of renderGroupBindings(plan.login, cluster)) await accepted(binding);
  });

  test("health checks of pools and of a control plane of three", async () => {
    const three = { ...cluster, controlPlane: { ...cluster.controlPlane, replicas: 3 } };
    for (const check of renderHealthChecks(three)) await accepted(check);
  });

  test("vSphere's cloud provider", async () => {
    const { namespace, foundation, workload } = renderCloudProvider(site, plan, cluster, exampleThumbprint);
    for (const object of [
      namespace,
      { ...cloudCredentials, stringData: cloudCredentialValues(site, "p") },
      ...foundation,
      workload,
    ])
      await accepted(object);
  });
});

describe("the API server refuses", () => {
  test("a health check without a machine that it would look at", async () => {
    const [check] = renderHealthChecks(cluster);
    const metadata = { ...check.metadata, name: "another" };
    const { status, body } = await api.apply({
      ...check,
      metadata,
      spec: { ...(check.spec as object), selector: undefined },
    });
    expect({ status, message: body.message }).toEqual({
      status: 422,
      message: expect.stringContaining("spec.selector"),
    });
  });

  test("a field that the definition does not have", async () => {
    const spec = { ...(objects.root.spec as object), clusterNetworks: {} };
    const { status, body } = await api.apply({ ...objects.root, spec });
    // Server-side apply answers 500 where a plain write answers 400.
    expect([400, 500]).toContain(status);
    expect(body.message).toContain("clusterNetworks");
  });

  test("a control plane without a version", async () => {
    const spec = { ...(objects.controlPlane.spec as object), version: undefined };
    const metadata = { ...objects.controlPlane.metadata, name: "another" };
    const { status, body } = await api.apply({ ...objects.controlPlane, metadata, spec });
    expect({ status, message: body.message }).toEqual({
      status: 422,
      message: expect.stringContaining("spec.version"),
    });
  });

  test("a pod of kube-vip whose container has no image", async () => {
    const pod = kubeVipPod(plan, cluster);
    const containers = pod.spec.containers.map((container) => ({ ...container, image: undefined }));
    const { status } = await api.apply({
      ...pod,
      metadata: { ...pod.metadata, name: "other" },
      spec: { ...pod.spec, containers },
    });
    expect(status).toBe(422);
  });

  test("v1beta1 is not refused, but draws the warning that the objects above do not", async () => {
    const old = { ...objects.addressPool, apiVersion: "ipam.cluster.x-k8s.io/v1alpha1" };
    const { warnings } = await api.apply({ ...old, metadata: { ...old.metadata, name: "old" } });
    expect(warnings.join()).toContain("deprecated");
  });
});

test("Secrets are stored encrypted", async () => {
  const [etcdctl, endpoint] = [await labProgram("etcdctl"), api.etcd];
  const get = [
    "get",
    `/registry/secrets/${cluster.namespace}/${encryption(cluster).metadata.name}`,
    "--print-value-only",
  ];
  const { stdout } = await run([etcdctl, `--endpoints=${endpoint}`, ...get]);
  expect(stdout).toMatch(/^k8s:enc:secretbox:v1:/);
});

describe("an API server with the cluster's authentication", () => {
  const start = (text: string) =>
    startKubeApi({
      files: { "authentication.yaml": text },
      flags: ["--authentication-config=$FOLDER/authentication.yaml"],
    });

  test("answers nobody but probes and joining nodes, and starts without dex", async () => {
    const server = await start(renderAuthentication(plan.login, cluster));
    try {
      const anonymous = async (path: string) => (await server.anonymously(path)).status;
      expect(await anonymous("/readyz")).toBe(200);
      // kubeadm makes the role that opens it.
      expect(await anonymous("/api/v1/namespaces/kube-public/configmaps/cluster-info")).toBe(403);
      for (const path of ["/version", "/api", "/openapi/v3"])
        expect([path, await anonymous(path)]).toEqual([path, 401]);
    } finally {
      await server.stop();
    }
  });

  test("refuses one with an unknown field, and one whose issuer is not https", async () => {
    const good = renderAuthentication(plan.login, cluster);
    await expect(start(good.replace("claimMappings:", "claimMapping:"))).rejects.toThrow("claimMapping");
    await expect(start(good.replace("url: https:", "url: http:"))).rejects.toThrow("https");
  });
});

test("before 1.34 authentication is configured by the same fields in v1beta1", () => {
  const text = (kubernetesVersion: string) => renderAuthentication(plan.login, { kubernetesVersion });
  expect(text("v1.33.7").replace("/v1beta1", "/v1")).toBe(text("v1.34.0"));
  expect(text("v1.33.7")).toContain("apiserver.config.k8s.io/v1beta1");
});

describe("waiting for the address of the cluster's DNS", () => {
  const { namespace, service } = clusterDnsObjects(plan, cluster);
  const kind = { apiVersion: "v1", kind: "Service" };
  const own = { ...kind, ...service };
  const other = { ...kind, metadata: { name: "other", namespace: "default" }, spec: service.spec };
  const given = (ip: string) => ({ loadBalancer: { ingress: [{ ip }] } });
  const ask = async (seconds: number) => {
    const kubectl = await labProgram("kubectl");
    const management = `${kubectl} --kubeconfig ${api.kubeconfigFile}`;
    const script = awaitDnsAddress(cluster, { management, kubectl, seconds });
    return run(["sh", "-c", script], { accept: [0, 1] });
  };

  beforeAll(async () => {
    const kubeconfig = { name: clusterNames(cluster).kubeconfig, namespace: cluster.namespace };
    await accepted({ apiVersion: "v1", kind: "Secret", metadata: kubeconfig, stringData: { value: api.kubeconfig } });
    await accepted({ apiVersion: "v1", kind: "Namespace", metadata: namespace.metadata });
    await accepted(own);
    await accepted(other);
  });

  test("ends with Cilium's reason, and the Service that has it", async () => {
    const taken = `The IP '${cluster.dnsAddress}' is already allocated to another service`;
    await api.setStatus(own, { conditions: [{ ...unsatisfied, message: taken }] });
    await api.setStatus(other, given(cluster.dnsAddress));
    const { code, stderr } = await ask(2);
    expect(code).toBe(1);
    expect(stderr.split("\n").slice(0, 3)).toEqual([
      `${cluster.zone}: its name server has not got ${cluster.dnsAddress} within 2 s. Cilium says:`,
      taken,
      "the Service default/other has it: delete it, then run up again",
    ]);
  });

  test("ends when it is there", async () => {
    const waiting = ask(60);
    await api.setStatus(own, given(cluster.dnsAddress));
    expect(await waiting).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});

describe("waiting", () => {
  const patience = { idle: 6, stuck: 2, interval: 0.2 };
  const ask = async (script: (kubectl: string) => string) => {
    const kubectl = `${await labProgram("kubectl")} --kubeconfig ${api.kubeconfigFile}`;
    return run(["sh", "-c", script(kubectl)], { accept: [0, 1] });
  };
  const initialized = (idle = patience.idle) =>
    ask((kubectl) => awaitInitialized(cluster, kubectl, { ...patience, idle }));
  const controllers = [objects.controlPlane, ...objects.workers.map(({ deployment }) => deployment)];
  const rolledOut = () => ask((kubectl) => awaitRolledOut(cluster, controllers, kubectl, patience));
  const at = new Date(0).toISOString();
  const condition = (type: string, status: string, message = "", observedGeneration = 1) => ({
    type,
    status,
    reason: "Because",
    message,
    lastTransitionTime: at,
    observedGeneration,
  });
  const done = (generation: number) => [
    condition("Available", "True", "", generation),
    ...["RollingOut", "ScalingUp", "ScalingDown"].map((type) => condition(type, "False", "", generation)),
  ];

  beforeAll(async () => {
    for (const object of all) await accepted(object);
  });

  test("for the API server ends with what vCenter said, once that does not change any more", async () => {
    const refused = condition(
      "VCenterAvailable",
      "False",
      "Cannot complete login due to an incorrect user name or password.",
    );
    expect(await api.setStatus(objects.infrastructure, { conditions: [refused] })).toMatchObject({ status: 200 });
    const { code, stderr } = await initialized(60);
    expect(code).toBe(1);
    expect(stderr.split("\n").slice(0, 2)).toEqual([
      `The control plane of ${cluster.name} does not go on. Cluster API says:`,
      `VSphereCluster ${cluster.name}: Cannot complete login due to an incorrect user name or password.`,
    ]);
  });

  test("for the API server does not take waiting for a complaint", async () => {
    const good = condition("VCenterAvailable", "True");
    const waiting = condition("VCenterAvailable", "False", "Waiting for the control plane to be initialized");
    await api.setStatus(objects.infrastructure, { conditions: [waiting] });
    expect((await initialized()).stderr).toContain("has not moved for 6 seconds");
    await api.setStatus(objects.infrastructure, { conditions: [good] });
  });

  describe("for nodes, with a machine that does not come to be, ends with", () => {
    const machine = {
      apiVersion: apis.infrastructure,
      kind: "VSphereVM",
      metadata: { name: `${cluster.name}-general-x`, namespace: cluster.namespace },
      spec: {
        server: site.vcenter.server,
        template: site.vcenter.templates.node.name,
        network: { devices: [{ networkName: site.vcenter.portGroup, dhcp4: true }] },
      },
    };
    const says = async (status: object) => {
      expect(await api.setStatus(machine, status)).toMatchObject({ status: 200 });
      const { code, stderr } = await rolledOut();
      expect(code).toBe(1);
      expect(stderr).toContain(`The rollout of ${cluster.name} does not go on. Cluster API says:`);
      return stderr;
    };
    beforeAll(() => accepted(machine));
    afterAll(async () => {
      const path = `/apis/${apis.infrastructure}/namespaces/${cluster.namespace}/vspherevms/${machine.metadata.name}`;
      expect(await api.request("DELETE", path)).toMatchObject({ status: 200 });
    });

    test("the template that is missing", async () => {
      const missing = `unable to get template "${site.vcenter.templates.node.name}": vm '${site.vcenter.templates.node.name}' not found`;
      expect(await says({ conditions: [condition("VirtualMachineProvisioned", "False", missing)] })).toContain(
        `VSphereVM ${machine.metadata.name}: ${missing}`,
      );
    });

    test("what a task of vCenter's failed of, as with a full datastore, which is in CAPV's old conditions only", async () => {
      const full = "Insufficient disk space on datastore 'vsan'.";
      const failed = { type: "VMProvisioned", status: "False", reason: "TaskFailure", severity: "Info", message: full };
      const said = await says({
        conditions: [{ ...condition("VirtualMachineProvisioned", "False"), reason: "TaskFailed" }],
        deprecated: { v1beta1: { conditions: [{ ...failed, lastTransitionTime: at }] } },
      });
      expect(said).toContain(`VSphereVM ${machine.metadata.name}: ${full}`);
    });

    test("the slice that has no address left, and where it stands in the site file", async () => {
      const waiting = condition("VirtualMachineProvisioned", "False", "waiting for IP address claims to be bound");
      const claims = condition("IPAddressClaimsFulfilled", "False", "1/1 claims being processed");
      const status = { conditions: [waiting, claims], deprecated: null };
      await api.setStatus(objects.addressPool, { ipAddresses: { total: 50, used: 49, free: 1, outOfRange: 0 } });
      expect(await says(status)).not.toContain("nodeRanges");
      await api.setStatus(objects.addressPool, { ipAddresses: { total: 50, used: 50, free: 0, outOfRange: 0 } });
      const said = await says(status);
      expect(said).toContain(`VSphereVM ${machine.metadata.name}: 1/1 claims being processed`);
      expect(said).toContain(`all 50 addresses of clusters.${cluster.name}.nodeRanges are taken`);
    });
  });

  test("for the API server goes on while nothing is wrong, and ends when it answers", async () => {
    await api.setStatus(objects.infrastructure, { conditions: [condition("VCenterAvailable", "True")] });
    const waiting = initialized(60);
    await api.setStatus(objects.root, { initialization: { controlPlaneInitialized: true } });
    expect(await waiting).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("for nodes ends when no machine gets any further", async () => {
    const { code, stderr } = await rolledOut();
    expect(code).toBe(1);
    expect(stderr).toContain(`The rollout of ${cluster.name} has not moved for 6 seconds.`);
  });

  test("for nodes does not take the conditions of an older definition for the new one's", async () => {
    for (const object of controllers) await api.setStatus(object, { conditions: done(0) });
    expect((await rolledOut()).code).toBe(1);
    for (const object of controllers) {
      const { generation } = (await api.get(object)).body.metadata as { generation: number };
      await api.setStatus(object, { conditions: done(generation) });
    }
    expect(await rolledOut()).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  test("for nodes wants every controller", async () => {
    const [first] = controllers;
    await api.setStatus(first!, { conditions: [condition("Available", "False", "etcd lost quorum", 9)] });
    expect((await rolledOut()).code).toBe(1);
  });
});
