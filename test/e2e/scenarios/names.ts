import { lab, onHost } from "../../support/lab";

/** dig's short answer, without the final dot of names. */
const answers = (stdout: string): string[] =>
  stdout
    .trim()
    .split("\n")
    .map((line) => line.replace(/\.$/, ""));

export function names(): void {
  describe("names resolve through both Active Directory servers", () => {
    test("from the office", async () => {
      const { dns } = lab().plan;
      for (const server of dns.nameservers) {
        const questions = dns.records.flatMap(({ name, type }) => ["+short", "+time=3", `@${server}`, name, type]);
        const { stdout } = await lab().exec("office", ["dig", ...questions]);
        expect(answers(stdout)).toEqual(dns.records.map(({ value }) => value));
      }
    });

    test("from a host, as its own resolver asks them", async () => {
      const { dns, hosts } = lab().plan;
      const script = dns.nameservers.flatMap((server) =>
        dns.records.map(({ name, type }) => `dig +short +time=3 @${server} ${name} ${type}`),
      );
      const values = dns.records.map(({ value }) => value);
      expect(answers(await onHost("bgp1", `${script.join("\n")}\n`))).toEqual([...values, ...values]);
      // Short names go through the search domain; a host's own is in its /etc/hosts.
      const others = hosts.filter(({ name }) => name !== "bgp2");
      const short = others.map(({ name }) => `getent ahostsv4 ${name} | awk 'NR == 1 { print $1 }'`);
      expect(answers(await onHost("bgp2", `${short.join("\n")}\n`))).toEqual(others.map(({ address }) => address));
    });

    test("and a name that nobody has does not", async () => {
      const { dns } = lab().plan;
      const { stdout } = await lab().exec("office", [
        "dig",
        "+time=3",
        `@${dns.nameservers[0]}`,
        `nobody.${dns.hostZone}`,
      ]);
      expect(stdout).toContain("status: NXDOMAIN");
    });
  });
}
