/** The management plane as `up` reaches it: whose credentials, from where, and that nobody sees them. */
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { stringify } from "yaml";
import { ManagementPlane } from "../../components/management-plane";
import { VlanVm } from "../../components/vlan-vm";
import { planRegion } from "../../plan/plan";
import { exampleSites } from "../support/example-sites";
import { project } from "../support/site-stack";
import { installStrictMocks, openStrings, secretValue, type Registered } from "../support/strict-mocks";

const server = "https://172.20.10.30:6443";
const issued = stringify({
  clusters: [{ name: "siziano-capi", cluster: { server } }],
  users: [{ name: "deploy", user: { "client-key-data": "CANARY-key" } }],
});

const resources = ["pulumi:providers:kubernetes", "command:remote:Command"];

/** Registers the component as a program does; what stands for the VM is a component with an id and a proof of its boot. */
async function deploy(change: (site: ReturnType<typeof exampleSites>["siziano"]) => void = () => {}) {
  const outputs = { "siziano-management-plane-kubeconfig": { stdout: issued } };
  const recording = await installStrictMocks(project, "siziano", { functions: {}, resources, outputs });
  const sites = exampleSites();
  change(sites.siziano);
  const plan = planRegion(sites, "siziano");
  class Program extends pulumi.ComponentResource {
    readonly plane: ManagementPlane;
    constructor() {
      super("test:Program", "siziano");
      const connection = { host: "172.20.10.30", user: "deploy", privateKey: pulumi.secret("CANARY-deploy") };
      const ready = new command.remote.Command("siziano-capi-ready", { connection }, { parent: this });
      const vm = { ready, machine: { id: pulumi.output("vm-1") } } as unknown as VlanVm;
      const managementKubeconfig = pulumi.secret(issued.replace("siziano-capi", "elsewhere"));
      this.plane = new ManagementPlane(
        "siziano-management-plane",
        { site: sites.siziano, plan, capi: { vm, connection }, secrets: { managementKubeconfig } },
        { parent: this },
      );
    }
  }
  const { plane } = new Program();
  const kubeconfig = await new Promise<string>((resolve) => plane.kubeconfig.apply(resolve));
  const isSecret = await pulumi.isSecret(plane.kubeconfig);
  await pulumi.runtime.disconnect();
  return { recording, kubeconfig, isSecret };
}

const named = (registered: readonly Registered[], name: string) =>
  registered.find((resource) => resource.name === `siziano-management-plane-${name}`);

test("credentials are issued on capi once its first boot has succeeded, and anew for a new machine", async () => {
  const { recording, kubeconfig, isSecret } = await deploy();
  expect(recording.refused).toEqual([]);
  const issue = named(recording.registered, "kubeconfig")!;
  expect(issue.inputs.create).toMatch(/^sudo kubeadm kubeconfig user .*--client-name deploy/);
  expect(issue.inputs).toMatchObject({ logging: "none", triggers: ["vm-1"] });
  expect(issue.additionalSecretOutputs).toContain("stdout");
  expect(issue.dependsOn).toContain("siziano-capi-ready");
  expect({ kubeconfig, isSecret }).toEqual({ kubeconfig: issued, isSecret: true });
});

test("the provider has them as a secret, and keeps its identity when they change", async () => {
  const { recording } = await deploy();
  const { inputs } = named(recording.registered, "provider")!;
  expect(secretValue(inputs.kubeconfig)).toBe(issued);
  expect(inputs.clusterIdentifier).toBe("siziano/management-plane");
  expect(recording.registered.flatMap((resource) => openStrings(resource.inputs)).join("\n")).not.toContain("CANARY");
});

test("where the site names a proxy, the API server is reached through it", async () => {
  const { kubeconfig } = await deploy((site) => (site.access.proxy = "socks5://127.0.0.1:1080"));
  expect(kubeconfig).toContain("proxy-url: socks5://127.0.0.1:1080");
  expect(kubeconfig).toContain(`server: ${server}`);
});

test("an external management plane is used as its kubeconfig says, and capi is not asked", async () => {
  const { recording, kubeconfig, isSecret } = await deploy((site) => (site.managementPlane = { kind: "external" }));
  expect(named(recording.registered, "kubeconfig")).toBeUndefined();
  expect(kubeconfig).toContain("elsewhere");
  expect(isSecret).toBe(true);
});
