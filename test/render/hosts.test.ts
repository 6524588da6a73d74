import { renderMetadata, renderUserData } from "../../render/cloud-init";
import { firstBoot } from "../../render/first-boot";
import { guestinfo } from "../../render/guestinfo";
import { nftablesPath } from "../../render/nftables";
import { placementScript } from "../../render/placement-script";
import { expectGolden } from "../golden";
import { realReader } from "../real-reader";
import { exampleHost, examplePlan } from "../support/example-host";
import { readGuestinfo } from "./readers/guestinfo";

// The real programs run on a machine that may be busy.
jest.setTimeout(60_000);

const names = examplePlan().hosts.map(({ name }) => name);

describe.each(names)("host %s", (name) => {
  test("is what its golden files say", () => {
    const { plan, host, content, base } = exampleHost(name);
    expectGolden(`hosts/${name}/metadata.yaml`, renderMetadata(plan, host));
    expectGolden(`hosts/${name}/first-boot.sh`, firstBoot(host, base));
    expectGolden(`hosts/${name}/nftables.conf`, content.files.find(({ path }) => path === nftablesPath)!.content);
    // What comes with a machine is much the same for all; what is put upon it, and when, is most on a router.
    if (host.role === "jump") expectGolden(`hosts/${name}/user-data.yaml`, renderUserData(host, base));
    if (name === "bgp1") expectGolden(`hosts/${name}/placement.sh`, placementScript(host, content));
  });

  test("has user-data that cloud-init's schema accepts, from a prepared and from a plain template", async () => {
    for (const kind of ["prepared", "plain"] as const) {
      const { host, base } = exampleHost(name, { kind });
      expect(await schema(renderUserData(host, base))).toEqual({
        code: 0,
        stdout: "Valid cloud-config: /user-data\n",
      });
    }
  });

  test("arrives through cloud-init's VMware datasource with the planned network", async () => {
    const { plan, host, base } = exampleHost(name);
    const userData = renderUserData(host, base);
    const read = await readGuestinfo(guestinfo(userData, renderMetadata(plan, host)));
    expect(read.text).toBe(userData);
    expect(read.metadata).toMatchObject({ "instance-id": host.vmName, "local-hostname": host.name });
    const [network] = Object.values(read.networkd);
    for (const line of [
      "Name=ens192",
      "DHCP=no",
      `MTUBytes=${plan.vlan.mtu}`,
      `Address=${host.address}/${plan.vlan.prefixLength}`,
      `Gateway=${plan.vlan.gateway}`,
      "Destination=0.0.0.0/0",
      `DNS=${plan.dns.nameservers.join(" ")}`,
      `Domains=${plan.dns.searchDomains.join(" ")}`,
    ]) {
      expect(network?.split("\n")).toContain(line);
    }
  });

  test("gives the same bytes for the same plan", () => {
    const bytes = () => {
      const { plan, host, base } = exampleHost(name);
      return guestinfo(renderUserData(host, base), renderMetadata(plan, host));
    };
    expect(bytes()).toEqual(bytes());
  });
});

test("cloud-init's schema refuses a user without a name", async () => {
  const { host, base } = exampleHost("jump");
  const broken = renderUserData(host, base).replace(
    "  - name: deploy\n    lock_passwd: true",
    "  - lock_passwd: [deploy]",
  );
  expect((await schema(broken)).code).toBe(1);
});

test("a template of the wrong kind does not install packages", () => {
  expect(renderUserData(...both("prepared"))).not.toMatch(/^packages:/m);
  expect(renderUserData(...both("plain"))).toMatch(/^packages:$/m);
});

function both(kind: "plain" | "prepared") {
  const { host, base } = exampleHost("auth", { kind });
  return [host, base] as const;
}

async function schema(userData: string): Promise<{ code: number; stdout: string }> {
  const files = [{ path: "/user-data", content: userData }];
  const { code, stdout, stderr } = await realReader(files, ["cloud-init", "schema", "--config-file", "/user-data"]);
  return { code, stdout: code === 0 ? stdout : stderr };
}
