/** containerd's own reading of what the site says about its registry: where it really asks for an image. */
import { hostsFilePath, registryFiles, upstreamRegistries } from "../../render/registries";
import { nodeReader } from "../real-reader";

jest.setTimeout(900_000);

/** Answers every request with 404 and writes down what was asked for, with a certificate of its own making. */
const registry = `
import http.server, ssl
class Registry(http.server.BaseHTTPRequestHandler):
    def answer(self):
        open("/asked", "a").write(f"{self.command} {self.path}\\n")
        self.send_response(404); self.end_headers()
    do_GET = do_HEAD = answer
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 5000), Registry)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("/server.crt", "/server.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
`;

/** Asks containerd for an image, with the files that the site's registry gives it; prints what the registry was asked for. */
const pull = (image: string, makeCa: string) => `
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=registry \
  -addext subjectAltName=DNS:registry.example -keyout /server.key -out /server.crt 2>/dev/null || exit 90
${makeCa}
echo 127.0.0.1 registry.example >>/etc/hosts
python3 /registry.py &
containerd >/containerd.log 2>&1 &
until ctr version >/dev/null 2>&1 && bash -c 'exec 3<>/dev/tcp/127.0.0.1/5000' 2>/dev/null; do sleep 0.1; done
ctr content fetch --hosts-dir /etc/containerd/certs.d ${image} >/fetched 2>&1
cat /asked 2>/dev/null
tail -n 1 /fetched >&2
`;

const ask = (image: string, makeCa = "cp /server.crt /etc/containerd/site-registry.crt") => {
  const files = registryFiles({
    mirrors: {
      addresses: [],
      components: { kind: "upstream" },
      registry: { url: "https://registry.example:5000/mirror", caCertificate: "-----placeholder-----" },
    },
  });
  const all = [...files, { path: "/registry.py", content: registry }];
  return nodeReader(all, ["sh", "-c", pull(image, makeCa)]);
};

test.each([
  ["registry.k8s.io/pause:3.10.1", "/mirror/registry.k8s.io/pause"],
  ["quay.io/cilium/cilium:v1.19.3", "/mirror/quay.io/cilium/cilium"],
])("containerd asks the site's registry for %s, and nobody else", async (image, path) => {
  const { stdout, stderr } = await ask(image);
  const asked = stdout.trim().split("\n");
  expect(asked).not.toEqual([""]);
  for (const line of asked) expect(line).toMatch(new RegExp(`^(HEAD|GET) /v2${path}/manifests/`));
  expect(stderr).toContain("not found");
});

test("containerd does not speak to a registry whose certificate another CA signed", async () => {
  const other = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=other \
    -keyout /dev/null -out /etc/containerd/site-registry.crt 2>/dev/null`;
  const { stdout, stderr } = await ask("registry.k8s.io/pause:3.10.1", other);
  expect(stdout).toBe("");
  expect(stderr).toContain("certificate signed by unknown authority");
});

test("a site without a registry leaves containerd as the template has it", () => {
  expect(registryFiles({ mirrors: { addresses: [], components: { kind: "upstream" } } })).toEqual([]);
});

test("every upstream registry has its file", () => {
  const mirrors = { addresses: [], components: { kind: "upstream" as const }, registry: { url: "https://r.example" } };
  const files = registryFiles({ mirrors });
  expect(files.map(({ path }) => path)).toEqual(upstreamRegistries.map(hostsFilePath));
  expect(files[3]?.content).toContain('server = "https://r.example/v2/registry.k8s.io"');
});
