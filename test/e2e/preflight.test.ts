/** Preflight against the simulator: each fault of a vCenter is made, and shows; a vCenter that fits has none. */
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { preflight } from "../../components/preflight/preflight";
import type { Fault } from "../../config/fault";
import type { Site } from "../../config/site";
import { planRegion } from "../../plan/plan";
import { exampleSites } from "../support/example-sites";
import { documentedPrivileges, freePort, startVcenter, type VcenterChanges } from "../support/simulated-vcenter";

jest.setTimeout(120_000);

const { siziano, dr } = exampleSites();

interface Question {
  /** What vCenter is. */
  readonly vcenter?: VcenterChanges;
  /** What the site file says, seen from the site that fits. */
  readonly site?: (site: Site) => Site;
  readonly password?: string;
  /** Does the operating system trust vCenter's CA? Default: yes. */
  readonly trusted?: boolean;
  readonly mayBeReadOnly?: boolean;
}

async function ask(question: Question = {}): Promise<readonly Fault[]> {
  const vcenter = await startVcenter(siziano, question.vcenter);
  const trust = process.env.SSL_CERT_FILE;
  if (question.trusted !== false) process.env.SSL_CERT_FILE = vcenter.authority;
  try {
    const site = question.site?.(vcenter.site) ?? vcenter.site;
    const { faults } = await preflight({
      site,
      plan: planRegion({ siziano: site, dr }, "siziano"),
      password: question.password ?? vcenter.password,
      mayBeReadOnly: question.mayBeReadOnly ?? false,
    });
    return faults;
  } finally {
    if (trust === undefined) delete process.env.SSL_CERT_FILE;
    else process.env.SSL_CERT_FILE = trust;
    await vcenter.stop();
  }
}

const withVcenter = (changes: Partial<Site["vcenter"]>) => (site: Site) => ({
  ...site,
  vcenter: { ...site.vcenter, ...changes },
});

const seen = (faults: readonly Fault[]) => faults.map(({ path, rule, severity }) => [path, rule, severity]);

test("a vCenter that fits, and an account with exactly the documented rights, have no fault", async () => {
  expect(await ask()).toEqual([]);
});

test("nothing listens there", async () => {
  const server = `127.0.0.1:${await freePort()}`;
  expect(seen(await ask({ site: withVcenter({ server }) }))).toEqual([
    ["vcenter.server", "vcenter-reachable", "error"],
  ]);
});

test("another CA than the site's signed its certificate: the fingerprint that was seen is named", async () => {
  const faults = await ask({ site: withVcenter({ tls: siziano.vcenter.tls }) });
  expect(seen(faults)).toEqual([["vcenter.tls", "vcenter-trust", "error"]]);
  expect(faults[0].problem).toMatch(/showed ([0-9A-F]{2}:){31}[0-9A-F]{2}, issued by/);
});

test("a pinned fingerprint is enough, and another one is refused", async () => {
  const other = Array.from({ length: 32 }, () => "AB").join(":");
  expect(seen(await ask({ site: withVcenter({ tls: { thumbprint: other } }) }))).toEqual([
    ["vcenter.tls", "vcenter-trust", "error"],
  ]);
  const vcenter = await startVcenter(siziano);
  try {
    const file = vcenter.authority.replace("ca.crt", "vcenter.crt");
    const { fingerprint256: thumbprint } = new X509Certificate(readFileSync(file));
    process.env.SSL_CERT_FILE = vcenter.authority;
    const site = withVcenter({ tls: { thumbprint } })(vcenter.site);
    const plan = planRegion({ siziano: site, dr }, "siziano");
    expect(await preflight({ site, plan, password: vcenter.password, mayBeReadOnly: false })).toEqual({
      faults: [],
      vcenterThumbprint: thumbprint,
    });
  } finally {
    delete process.env.SSL_CERT_FILE;
    await vcenter.stop();
  }
});

test("the operating system does not trust it, so the provider plugin would not either", async () => {
  const faults = await ask({ trusted: false });
  expect(seen(faults)).toEqual([["vcenter.tls", "plugin-trust", "error"]]);
  expect(faults[0].remedy).toContain("SSL_CERT_FILE");
});

test("wrong credentials", async () => {
  const faults = await ask({ password: "CANARY-wrong" });
  expect(seen(faults)).toEqual([["vcenter.username", "vcenter-login", "error"]]);
  expect(JSON.stringify(faults)).not.toContain("CANARY-wrong");
});

test("everything that is missing is named at once", async () => {
  const faults = await ask({
    site: withVcenter({
      computeCluster: "no-cluster",
      datastore: "no-datastore",
      portGroup: "no-port-group",
      folder: "no-parent/siziano",
      templates: {
        host: { name: "no-template", kind: "prepared" },
        node: siziano.vcenter.templates.node,
      },
    }),
  });
  expect(seen(faults).map(([path, rule]) => `${path} ${rule}`)).toEqual([
    "vcenter.computeCluster vcenter-missing",
    "vcenter.datastore vcenter-missing",
    "vcenter.portGroup vcenter-missing",
    "vcenter.folder vcenter-missing",
    "vcenter.templates.host.name vcenter-missing",
  ]);
});

test("a datacenter that is missing", async () => {
  expect(seen(await ask({ site: withVcenter({ datacenter: "nowhere" }) }))).toEqual([
    ["vcenter.datacenter", "vcenter-missing", "error"],
  ]);
});

test("templates that do not fit, each with all its faults", async () => {
  const template = { hardwareVersion: "vmx-13", annotation: "made by hand", diskGiB: 100 };
  const faults = await ask({ vcenter: { template } });
  expect(seen(faults).map(([path, rule]) => `${path} ${rule}`)).toEqual(
    ["host", "node"].flatMap((kind) =>
      ["template-hardware", "template-disk", "template-cloud-init"].map((rule) => `vcenter.templates.${kind} ${rule}`),
    ),
  );
});

test("a datastore without room", async () => {
  const faults = await ask({ vcenter: { inventory: { datastoreCapacityGiB: 50 } } });
  expect(seen(faults)).toEqual([["vcenter.datastore", "datastore-room", "error"]]);
});

test("a directory for data disks has to exist", async () => {
  const faults = await ask({ site: withVcenter({ dataDirectory: "nowhere" }) });
  expect(seen(faults)).toEqual([["vcenter.dataDirectory", "data-directory", "error"]]);
  // The template's own directory is one that exists.
  expect(await ask({ site: withVcenter({ dataDirectory: siziano.vcenter.templates.host.name }) })).toEqual([]);
});

test("one ESXi host for two routers", async () => {
  const faults = await ask({ vcenter: { inventory: { hosts: ["esxi1.example"] } } });
  expect(seen(faults)).toEqual([["vcenter.computeCluster", "cluster-hosts", "error"]]);
});

describe("an account that lacks a right", () => {
  const lacks = "VirtualMachine.Config.AdvancedConfig";
  const vcenter = { privileges: documentedPrivileges.filter((privilege) => privilege !== lacks) };

  test("is refused by `up`, with the right's name", async () => {
    const faults = await ask({ vcenter });
    expect(seen(faults)).toEqual([["vcenter.username", "vcenter-rights", "error"]]);
    expect(faults[0].problem).toContain(lacks);
  });

  test("may preview", async () => {
    expect(seen(await ask({ vcenter, mayBeReadOnly: true }))).toEqual([
      ["vcenter.username", "vcenter-rights", "notice"],
    ]);
  });

  test("or all of them may preview, with one notice", async () => {
    const readOnly = { privileges: ["System.View", "System.Read", "System.Anonymous"] };
    const faults = await ask({ vcenter: readOnly, mayBeReadOnly: true });
    expect(seen(faults)).toEqual([["vcenter.username", "vcenter-rights", "notice"]]);
    expect(faults[0].problem).toContain("can only read");
  });
});
