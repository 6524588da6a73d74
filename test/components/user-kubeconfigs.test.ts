import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import type * as vsphere from "@pulumi/vsphere";
import { UserKubeconfigs } from "../../components/user-kubeconfigs";
import { renderUserKubeconfig } from "../../render/login";
import { examplePlan } from "../support/example-host";
import { project } from "../support/site-stack";
import { installStrictMocks, openStrings, type Registered } from "../support/strict-mocks";

const plan = examplePlan();
const [management] = plan.clusters;
const authority = "-----BEGIN CERTIFICATE-----\nZXhhbXBsZQ==\n-----END CERTIFICATE-----\n";
const canary = "CANARY-administrator-key";
const admin = renderUserKubeconfig(plan, management, authority).replace(
  /^users:$/m,
  `users:\n  - {name: admin, user: {client-key-data: ${canary}}}`,
);

/** Registers the component beside a stand-in of auth, with these administrators' kubeconfigs. */
async function deploy(kubeconfigs: Readonly<Record<string, string>>) {
  const recording = await installStrictMocks(project, "siziano", {
    functions: {},
    resources: ["command:remote:Command"],
  });
  class Auth extends pulumi.ComponentResource {
    readonly ready: command.remote.Command;
    readonly machine = { id: pulumi.output("vm-1") } as unknown as vsphere.VirtualMachine;
    constructor() {
      super("test:Auth", "auth");
      this.ready = new command.remote.Command("auth-ready", { connection: { host: "auth" } }, { parent: this });
    }
  }
  const secrets = Object.entries(kubeconfigs).map(([name, text]) => [name, pulumi.secret(text)] as const);
  const component = new UserKubeconfigs("siziano-login", {
    plan,
    auth: new Auth(),
    connection: { host: "172.20.10.11", privateKey: pulumi.secret("CANARY-deploy") },
    adminKubeconfigs: Object.fromEntries(secrets),
  });
  const { kubeconfigs: output } = component;
  const isSecret = await pulumi.isSecret(output);
  const value = await new Promise<Readonly<Record<string, string>>>((resolve) => void output.apply(resolve));
  await pulumi.runtime.disconnect();
  expect(recording.refused).toEqual([]);
  return { registered: recording.registered, isSecret, value };
}

const named = (registered: readonly Registered[], name: string) => registered.find((each) => each.name === name)!;

test("hands out kubeconfigs that are no secret and hold none of the administrator's", async () => {
  const { registered, isSecret, value } = await deploy({ management: admin });
  expect(isSecret).toBe(false);
  expect(value).toEqual({ management: renderUserKubeconfig(plan, management, authority) });
  for (const { inputs } of registered)
    expect(openStrings(inputs).filter((text) => text.includes("CANARY"))).toEqual([]);
});

test("delivers the page, then a file for each deployed cluster, again on another machine, and undoes nothing", async () => {
  const { registered } = await deploy({ management: admin });
  const commands = registered.filter(({ name }) => name.startsWith("siziano-login-"));
  expect(commands.map(({ name }) => name)).toEqual(["siziano-login-page", "siziano-login-management"]);
  expect(named(registered, "siziano-login-page").dependsOn).toEqual(["auth-ready"]);
  expect(named(registered, "siziano-login-management").dependsOn).toEqual(["auth-ready", "siziano-login-page"]);
  for (const { inputs } of commands) {
    expect(inputs.triggers).toEqual(["vm-1"]);
    expect(inputs.delete).toBeUndefined();
    expect(inputs.addPreviousOutputInEnv).toBe(false);
  }
});

test("without a cluster there is the page alone", async () => {
  const { registered, value } = await deploy({});
  expect(value).toEqual({});
  expect(registered.filter(({ name }) => name.startsWith("siziano-login-")).map(({ name }) => name)).toEqual([
    "siziano-login-page",
  ]);
});
