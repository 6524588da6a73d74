/** The machine `capi`: its state is on the disk that outlives it, encrypted, and its pods reach what the machine may reach. */
import { randomBytes } from "node:crypto";
import { kubectl, managementPlane } from "../../../lab/kubectl";
import { managementFolder } from "../../../render/capi/data-disk";
import { host, lab, onHost } from "../../support/lab";

const capi = "capi";
const onPlane = async (...args: string[]) => (await kubectl(lab(), managementPlane, args)).stdout;

/** Asks for URLs with the network of one of capi's own pods: its address, and curl's exit codes, 0 for any answer. */
async function fromAPod(urls: readonly string[]): Promise<{ readonly address: string; readonly codes: number[] }> {
  const script = [
    "set -- /run/netns/cni-*",
    `nsenter --net="$1" ip -4 -o address show dev eth0 | awk '{ print $4 }' | cut -d / -f 1`,
    ...urls.map(
      (url) =>
        `code=0; nsenter --net="$1" curl --silent --insecure --output /dev/null --max-time 5 ${url} || code=$?; echo "$code"`,
    ),
  ];
  const [address, ...codes] = (await onHost(capi, script.join("\n"))).trim().split("\n");
  return { address, codes: codes.map(Number) };
}

/** curl's exit code where nothing answers in time: the packet was dropped. */
const timedOut = 28;

export function managementPlaneOnCapi(): void {
  describe("the management plane", () => {
    test("answers in the office, and has one node that is ready", async () => {
      expect(await onPlane("get", "--raw", "/readyz")).toBe("ok");
      const ready = '{range .items[*]}{.metadata.name} {.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
      expect(await onPlane("get", "nodes", "-o", `jsonpath=${ready}`)).toBe(`${capi} True\n`);
    });

    test("answers nobody whom it does not know", async () => {
      const url = `https://${host(capi).address}:6443/api/v1/secrets`;
      const command = ["curl", "--silent", "--insecure", "--output", "/dev/null", "--write-out", "%{http_code}", url];
      expect((await lab().operator.run(command)).stdout).toBe("403");
    });

    test("keeps etcd and its CAs on the data disk", async () => {
      const script = `findmnt --noheadings --output FSTYPE,LABEL ${managementFolder}
tr '\\0' '\\n' </proc/$(pidof etcd)/cmdline | grep '^--data-dir='
ls ${managementFolder}/pki/ca.key ${managementFolder}/pki/etcd/ca.key`;
      const lines = (await onHost(capi, script)).trim().split("\n");
      expect(lines[0]).toMatch(/^ext4 +management$/);
      expect(lines[1]).toBe(`--data-dir=${managementFolder}/etcd`);
      expect(lines).toHaveLength(4);
    });

    test("stores no Secret in clear", async () => {
      const value = randomBytes(16).toString("hex");
      const name = `e2e-${value.slice(0, 8)}`;
      await onPlane("-n", "default", "create", "secret", "generic", name, `--from-literal=value=${value}`);
      try {
        const pki = `${managementFolder}/pki/etcd`;
        const files = [`--cacert=${pki}/ca.crt`, `--cert=${pki}/server.crt`, `--key=${pki}/server.key`];
        const get = ["etcdctl", ...files, "get", `/registry/secrets/default/${name}`];
        const stored = await onPlane("-n", "kube-system", "exec", `etcd-${capi}`, "--", ...get);
        expect(stored).toContain("k8s:enc:secretbox:v1:key1:");
        expect(stored).not.toContain(value);
        // A configuration is not encrypted, and so shows that the question finds what lies in clear.
        const plain = ["etcdctl", ...files, "get", "/registry/configmaps/kube-system/kubeadm-config"];
        expect(await onPlane("-n", "kube-system", "exec", `etcd-${capi}`, "--", ...plain)).toContain("certificatesDir");
      } finally {
        await onPlane("-n", "default", "delete", "secret", name);
      }
    });

    test("lets its pods reach what capi may reach, and nothing else, and nobody its pods", async () => {
      const { plan, context, site } = lab();
      const { address: own } = host(capi);
      const allowed = [`https://${site.vcenter.address}/`, `https://${own}:6443/readyz`];
      const [office] = context.surroundings.office.addresses;
      const refused = [`http://${office}/`, `http://${plan.vlan.gateway}/`, `http://${own}:22/`];
      const { address, codes } = await fromAPod([...allowed, ...refused]);
      expect(codes).toEqual([0, 0, timedOut, timedOut, timedOut]);
      const jump = await onHost("jump", `code=0; ping -c 1 -W 2 ${address} >/dev/null || code=$?; echo "$code"`);
      expect(jump.trim()).not.toBe("0");
    });
  });
}
