/** Commands on the domain controllers: on which, over what, in which order, and what is undone. */
import * as pulumi from "@pulumi/pulumi";
import { AdForwarder } from "../../components/ad-forwarder";
import { AdRecords } from "../../components/ad-records";
import { dnsAdministration } from "../../components/dns-administration";
import type { SecretOutputs } from "../../config/load";
import type { Site } from "../../config/site";
import { bind } from "../../render/forwarders/bind";
import { windows } from "../../render/forwarders/windows";
import { exampleCluster } from "../support/example-cluster";
import { canarySecrets } from "../support/canary-secrets";
import { project } from "../support/site-stack";
import { installStrictMocks, openStrings, secretValue, type Registered } from "../support/strict-mocks";

const { site: example, plan } = exampleCluster();
const [forwarder] = plan.dns.forwarders;
const canary = "CANARY-dns-administration";

/** The example with these settings of Active Directory's DNS. */
const siteWith = (dns: Partial<Site["activeDirectory"]["dns"]>, path: Site["access"]["path"] = "jump"): Site => ({
  ...example,
  access: { ...example.access, path },
  activeDirectory: { ...example.activeDirectory, dns: { ...example.activeDirectory.dns, ...dns } },
});

class Named extends pulumi.ComponentResource {
  constructor(name: string) {
    super("test:Named", name);
  }
}

/** As a program wires them; `ready` of others are components that wait for nothing. */
async function deploy(site: Site, own = forwarder): Promise<readonly Registered[] | undefined> {
  const recording = await installStrictMocks(project, "siziano", {
    functions: {},
    resources: ["command:remote:Command"],
  });
  const { deployKey, sshHostKeys } = canarySecrets(site);
  const secrets = { dnsAdministrationKey: pulumi.secret(canary) } as Pick<SecretOutputs, "dnsAdministrationKey">;
  const administration = dnsAdministration({
    site,
    secrets,
    access: {
      path: site.access.path,
      jump: plan.hosts.find(({ role }) => role === "jump")!,
      deployKey: pulumi.secret(deployKey) as SecretOutputs["deployKey"],
      sshHostKeys: pulumi.secret(sshHostKeys) as SecretOutputs["sshHostKeys"],
    },
    jumpReady: new Named("jump"),
  });
  if (administration !== undefined) {
    new AdForwarder("siziano-forwarder", { forwarder: own, administration, dns: { ready: [new Named("dns")] } });
    new AdRecords("siziano-records", { records: plan.dns.records.slice(0, 2), administration });
  }
  await pulumi.runtime.disconnect();
  expect(recording.refused).toEqual([]);
  return administration === undefined ? undefined : recording.registered.filter(({ custom }) => custom);
}

const server = (number: number, role: string) => `siziano-forwarder-ad${number}.simplebooking.local-${role}`;
const named = (registered: readonly Registered[] | undefined, name: string): Registered => {
  const found = registered?.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is not among ${registered?.map((each) => each.name).join(", ")}`);
  return found;
};

test("stored in Active Directory, the forwarder is entered once; every server is asked before and after", async () => {
  const registered = await deploy(siteWith({}));
  const names = registered?.map(({ name }) => name).filter((name) => name.startsWith("siziano-forwarder"));
  expect(names?.sort()).toEqual([
    server(1, "answers"),
    server(1, "asks"),
    server(1, "forwarder"),
    server(2, "answers"),
    server(2, "asks"),
    "siziano-forwarder-delegation",
  ]);
});

test.each([
  ["per server", siteWith({ replicationScope: "server" })],
  ["BIND", siteWith({ administration: "bind" })],
])("%s: each server gets its own, one after the other", async (_, site) => {
  const registered = await deploy(site);
  expect(named(registered, server(2, "forwarder")).dependsOn).toContain(server(1, "forwarder"));
});

test("nothing is entered before the cluster's DNS answered every server; answers are looked for when all is entered", async () => {
  const registered = await deploy(siteWith({}));
  const asks = [server(1, "asks"), server(2, "asks")];
  expect(named(registered, "siziano-forwarder-delegation").dependsOn).toEqual(asks);
  expect(named(registered, server(1, "forwarder")).dependsOn).toEqual([...asks, "siziano-forwarder-delegation"].sort());
  for (const number of [1, 2]) {
    expect(named(registered, server(number, "answers")).dependsOn).toEqual(
      [server(1, "forwarder"), "siziano-forwarder-delegation"].sort(),
    );
  }
});

test("without a parent in Active Directory there is no delegation", async () => {
  const registered = await deploy(siteWith({}), { zone: forwarder.zone, address: forwarder.address });
  expect(registered?.some(({ name }) => name.endsWith("-delegation"))).toBe(false);
});

test("what is entered is removed by the words that entered it; what only looks is not undone", async () => {
  const registered = await deploy(siteWith({}));
  const { inputs, deleteBeforeReplace } = named(registered, server(1, "forwarder"));
  expect([inputs.create, inputs.delete]).toEqual(Object.values(windows.forwarder(forwarder, "Forest")));
  expect([deleteBeforeReplace, inputs.triggers]).toEqual([
    true,
    [forwarder.zone, forwarder.address, forwarder.delegationFrom],
  ]);
  expect(named(registered, server(1, "asks")).inputs.delete).toBeUndefined();
  expect(named(registered, server(1, "answers")).inputs.delete).toBeUndefined();
});

test("BIND gets BIND's words", async () => {
  const { inputs } = named(await deploy(siteWith({ administration: "bind" })), server(1, "forwarder"));
  expect([inputs.create, inputs.delete]).toEqual(Object.values(bind.forwarder(forwarder, "Forest")));
});

test("a site whose people enter it themselves has no command", async () => {
  expect(await deploy(siteWith({ administration: "manual" }))).toBeUndefined();
});

describe("the connection", () => {
  const connectionOf = async (site: Site) =>
    secretValue(named(await deploy(site), server(2, "forwarder")).inputs.connection) as Record<string, unknown>;
  const perServer = { replicationScope: "server" } as const;

  test("goes through the jump host, each side's key pinned", async () => {
    const { proxy, ...direct } = await connectionOf(siteWith(perServer));
    const hostKeys = example.activeDirectory.dns.ssh!.hostKeys;
    expect(direct).toMatchObject({
      host: "192.168.10.12",
      port: 22,
      user: "kubernetes-dns",
      hostKey: hostKeys["ad2.simplebooking.local"],
    });
    expect(proxy).toMatchObject({ host: "172.20.10.10", user: "deploy" });
    expect((proxy as { hostKey: string }).hostKey).toMatch(/^ssh-ed25519 AAAA/);
  });

  test("goes straight there where the site says so", async () => {
    expect(await connectionOf(siteWith(perServer, "direct"))).not.toHaveProperty("proxy");
  });

  test("shows no key in any input", async () => {
    for (const { name, inputs } of (await deploy(siteWith({}))) ?? []) {
      expect({ name, open: openStrings(inputs).filter((text) => text.includes("CANARY")) }).toEqual({ name, open: [] });
    }
  });
});

test("records are entered on the first server, each one by its name", async () => {
  const registered = await deploy(siteWith({}));
  const [a, ptr] = plan.dns.records;
  for (const record of [a, ptr]) {
    const { inputs } = named(registered, `siziano-records-${record.name}-${record.type}`);
    expect(inputs).toMatchObject({ ...windows.record(record), triggers: [record.name, record.value] });
  }
});
