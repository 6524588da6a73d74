import { parseSite } from "../../config/parse-site";
import { faultText } from "../../config/fault";
import { siteSchema } from "../../config/site";

test("every missing key is named, with what belongs there", () => {
  const { draft, faults } = parseSite("a", {});
  const required = Object.entries(siteSchema.shape).filter(([, schema]) => !schema.safeParse(undefined).success);
  expect(faults.map(({ path }) => path).sort()).toEqual(required.map(([key]) => key).sort());
  expect(faults.every(({ rule, severity }) => rule === "missing" && severity === "error")).toBe(true);
  expect(faults.find(({ path }) => path === "ntp")?.remedy).toBe("Time servers.");
  expect(draft.serviceCidr).toBe("10.43.0.0/16");
});

test("a fault deep in a value has its path, its value and the schema's words for it", () => {
  const { faults } = parseSite("a", {
    bgp: {
      routersASN: 64600,
      upstream: { kind: "bgp", gatewayASN: 64512 },
      timers: { keepaliveSeconds: 0, holdSeconds: 9, restartSeconds: 30 },
    },
    syslog: [{ address: "192.0.2.1", port: 99999 }],
  });
  const found = faults.filter(({ rule }) => rule === "shape");
  expect(found).toMatchObject([
    { path: "bgp.timers.keepaliveSeconds", value: 0 },
    { path: "syslog[0].port", value: 99999 },
  ]);
  expect(found[1]?.remedy).toBe("Port that the server listens on.");
});

test("one malformed cluster does not take the others along", () => {
  const size = { cpus: 4, memoryMiB: 8192, diskGiB: 60 };
  const cluster = {
    id: 1,
    asn: 64610,
    nodeRanges: ["172.20.10.100-172.20.10.149"],
    kubernetesVersion: "v1.34.2",
    pods: "10.64.0.0/16",
    balancers: "172.21.10.0/24",
    apiVip: "172.20.10.41",
    controlPlane: { replicas: 3, size },
    workers: {},
  };
  const { draft, faults } = parseSite("a", { clusters: { good: cluster, bad: { ...cluster, id: "one" } } });
  expect(Object.keys(draft.clusters ?? {})).toEqual(["good"]);
  expect(faults.filter(({ rule }) => rule === "shape").map(({ path }) => path)).toEqual(["clusters.bad.id"]);
});

test("an empty text is none, for Pulumi declares optional keys with it", () => {
  const { draft, faults } = parseSite("a", { hostZone: "" });
  expect(draft.hostZone).toBeUndefined();
  expect(faults.some(({ path }) => path === "hostZone")).toBe(false);
});

test("a fault reads as a sentence with a remedy, and long values are cut", () => {
  const text = faultText({
    site: "a",
    path: "vcenter.tls.caCertificate",
    value: `-----BEGIN CERTIFICATE-----\n${"A".repeat(2000)}`,
    rule: "certificate-authority",
    problem: "holds no PEM certificate that can be read",
    remedy: "paste it",
    severity: "error",
  });
  expect(text).toBe(
    "error a: vcenter.tls.caCertificate = -----BEGIN CERTIFICATE-----: holds no PEM certificate that can be read [certificate-authority]\n    remedy: paste it",
  );
});
