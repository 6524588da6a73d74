import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { kubectl, managementPlane } from "../../../lab/kubectl";
import { repository } from "../../../lab/paths";
import { lab, labStackFile, pulumiFails } from "../../support/lab";

/** How far the definitions of all control planes have got: another number whenever somebody writes one. */
async function definitions(): Promise<string> {
  const each = '{range .items[*]}{.metadata.name} {.metadata.generation}{"\\n"}{end}';
  const query = ["get", "kubeadmcontrolplanes.v1beta2.controlplane.cluster.x-k8s.io", "--all-namespaces"];
  return (await kubectl(lab(), managementPlane, [...query, `--output=jsonpath=${each}`])).stdout;
}

/** A CA's name as openssl prints it. */
const subjectOf = (pem: string): string =>
  new X509Certificate(pem).subject.split("\n").join(", ").replaceAll("=", " = ");

/** What `up` does where API servers would not believe the login. */
export function wrongAuthority(): void {
  test("a CA that the login's certificate is not of ends up with the cause, and no cluster is touched; corrected, the next up passes", async () => {
    const other = await readFile(join(repository, "test/support/authority.pem"), "utf8");
    const before = await definitions();
    await labStackFile({ overlay: { "hosts.auth.trustAnchor": other } });
    try {
      const said = await pulumiFails(["up", "--yes", "--skip-preview", "--color", "never"]);
      expect(said).toContain(`${lab().plan.login.issuer}: no API server would believe it`);
      expect(said).toMatch(/The certificate that it shows:\n\s*subject=.*\n\s*issuer=.*Lab/);
      expect(said).toContain(subjectOf(other));
      expect(said).toContain("Put the CA that issued the certificate into hosts.auth.trustAnchor");
      expect(await definitions()).toBe(before);
    } finally {
      await labStackFile();
    }
    await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never"]);
    expect(await definitions()).toBe(before);
  }, 600_000);
}
