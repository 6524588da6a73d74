/** A router's files: as a person reads them, and as FRR and keepalived do. What they do at work is in test/bgp. */
import type { Site } from "../../config/site";
import { planRegion } from "../../plan/plan";
import { bgpContent } from "../../render/bgp";
import { renderKeepalived } from "../../render/keepalived";
import { expectGolden } from "../golden";
import { realReader } from "../real-reader";
import { exampleSecrets } from "../support/example-host";
import { exampleSites } from "../support/example-sites";

jest.setTimeout(60_000);

const sites = exampleSites();
const secrets = {
  ...exampleSecrets,
  bgpPasswords: {
    upstream: "example-upstream",
    clusters: { management: "example-1", workloads: "example-2" },
  },
};

function router(siteName: "siziano" | "dr", index = 0) {
  const plan = planRegion(sites, siteName);
  const host = plan.hosts.filter(({ role }) => role === "bgp")[index];
  return { plan, host, content: bgpContent(sites[siteName], plan, host, secrets) };
}

const fileOf = (content: ReturnType<typeof bgpContent>, path: string) => {
  const found = content.files.find((file) => file.path === path);
  if (!found) throw new Error(`no ${path}`);
  return found;
};

/** keepalived and its checks want the interface that a VM has; a child of a shell, as on a host's first boot. */
const onRouter = (command: readonly string[]) => [
  "sh",
  "-c",
  'ip link add ens192 type veth peer name cable && ip link set ens192 up || exit; "$@"; exit $?',
  "sh",
  ...command,
];

describe.each(["siziano", "dr"] as const)("routers of %s", (name) => {
  test("have the files that their golden files show", () => {
    const { host, content } = router(name);
    for (const { path, content: text } of content.files)
      expectGolden(`bgp/${name}-${host.name}/${path.split("/").pop()}`, text);
  });

  test("are accepted by the programs that read them", async () => {
    for (const index of [0, 1]) {
      const { content } = router(name, index);
      for (const check of content.checks) {
        const { code, stdout, stderr } = await realReader(content.files, onRouter(check));
        expect({ check, code, said: stdout + stderr }).toMatchObject({ check, code: 0 });
      }
    }
  });

  test("keep their passwords to themselves", () => {
    const { content } = router(name);
    for (const { path, mode, content: text } of content.files)
      if (/example-\d|example-upstream/.test(text))
        expect({ path, mode }).toEqual({ path: "/etc/frr/frr.conf", mode: "0640" });
  });
});

test("FRR's check refuses a line that FRR does not know", async () => {
  const { content } = router("siziano");
  const broken = content.files.map((file) =>
    file.path === "/etc/frr/frr.conf"
      ? { ...file, content: file.content.replace("ttl-security", "ttl-insecurity") }
      : file,
  );
  const { code, stdout, stderr } = await realReader(broken, content.checks[0]);
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain("Unknown command");
});

test("keepalived's check refuses a word that keepalived does not know", async () => {
  const { content } = router("dr");
  const broken = content.files.map((file) =>
    file.path.endsWith("keepalived.conf")
      ? { ...file, content: file.content.replace("advert_int", "advert_intt") }
      : file,
  );
  const check = content.checks[content.checks.length - 1];
  const { code, stdout, stderr } = await realReader(broken, onRouter(check));
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain("Unknown keyword 'advert_intt'");
});

test("every address of a slice is one neighbour of its cluster's group, and of no other", () => {
  const { plan, content } = router("siziano");
  const text = fileOf(content, "/etc/frr/frr.conf").content;
  const members = [...text.matchAll(/^ neighbor ([\d.]+) peer-group (\S+)$/gm)].map(([, address, group]) => [
    address,
    group,
  ]);
  expect(members).toEqual(
    plan.bgp.groups.flatMap(({ cluster, nodes }) => nodes.map((node) => [node, `cluster-${cluster}`])),
  );
  expect(new Set(members.map(([address]) => address)).size).toBe(members.length);
});

test("a session without a password is not rendered", () => {
  const { plan, host } = router("siziano");
  const render = (bgpPasswords: typeof secrets.bgpPasswords | undefined) => () =>
    bgpContent(sites.siziano, plan, host, { ...secrets, bgpPasswords });
  expect(render(undefined)).toThrow("bgpPasswords.clusters.management");
  expect(render({ ...secrets.bgpPasswords, upstream: undefined as unknown as string })).toThrow(
    "bgpPasswords.upstream",
  );
});

test("BFD timers other than FRR's own are set", () => {
  const bfd = { transmitMilliseconds: 100, receiveMilliseconds: 200, multiplier: 5 };
  const site: Site = { ...sites.siziano, bgp: { ...sites.siziano.bgp, bfd } };
  const plan = planRegion({ ...sites, siziano: site }, "siziano");
  const host = plan.hosts.filter(({ role }) => role === "bgp")[0];
  const text = fileOf(bgpContent(site, plan, host, secrets), "/etc/frr/frr.conf").content;
  for (const line of ["detect-multiplier 5", "transmit-interval 100", "receive-interval 200"])
    expect(text).toContain(line);
});

test("VRRP priorities that leave no room for a demotion are refused", () => {
  const { plan } = router("dr");
  const routers = plan.bgp.routers.map((each, index) => ({ ...each, vrrpPriority: 100 - 60 * index }));
  expect(() => renderKeepalived({ ...plan.bgp, routers }, routers[0], plan.vlan)).toThrow("VRRP priorities 100, 40");
});
