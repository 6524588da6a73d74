import { people } from "../../../lab/fixtures/active-directory/people";
import { siteSchema } from "../../../config/site";
import { dexConfigPath, loginRedirects } from "../../../render/dex";
import { lab, officeScript, onHost } from "../../support/lab";
import type { LoginRequest, LoginResult } from "../../support/lab-login";

/** Logs a person of the directory in; with another password where one is given. */
export function logIn(account: string, password?: string): Promise<LoginResult> {
  const person = people.find((each) => each.account === account);
  if (person === undefined) throw new Error(`the directory has no ${account}`);
  return officeScript<LoginResult>("lab-login", {
    issuer: lab().plan.login.issuer,
    redirectUri: loginRedirects[0],
    username: account,
    password: password ?? person.password,
  } satisfies LoginRequest);
}

/** The page that offers kubeconfigs, as whoever types auth's name alone gets it. */
export async function loginPage(): Promise<string> {
  const curl = [
    "curl",
    "--silent",
    "--show-error",
    "--fail",
    "--location",
    "--max-time",
    "10",
    lab().plan.login.issuer,
  ];
  return (await lab().operator.run(curl)).stdout;
}

export const groupsOf = (result: LoginResult): unknown => (result.kind === "token" ? result.claims.groups : result);

/** dex shows the form again, with a reason, instead of sending the browser back. */
const refused = (result: LoginResult) => expect(result).toMatchObject({ kind: "refused" });

/** nft rules for gw that bring auth's LDAPS to the directory's unencrypted port instead. */
const downgrade = (auth: string, controller: string) => `table inet downgrade {
  chain prerouting {
    type nat hook prerouting priority dstnat;
    ip saddr ${auth} tcp dport 636 counter dnat ip to ${controller}:389
  }
}
insert rule inet perimeter forward ip saddr ${auth} tcp dport 389 accept comment "downgrade"
`;

export function logins(): void {
  describe("who may log in", () => {
    test("a member of a nested group, whose token holds the outer group", async () => {
      const result = await logIn("anna.nested");
      expect(result).toMatchObject({
        kind: "token",
        algorithm: "RS256",
        claims: { iss: lab().plan.login.issuer, aud: "kubernetes", preferred_username: "anna.nested" },
      });
      expect(groupsOf(result)).toEqual(
        expect.arrayContaining(["k8s-admins", "team-platform", "team-siziano-platform"]),
      );
    });

    test("everybody sees how, at auth's own name", async () => {
      const page = await loginPage();
      expect(page).toContain(`<title>kubectl on Kubernetes ${lab().plan.site}</title>`);
      expect(page).toContain("kubectl krew install oidc-login");
    });

    test("a viewer, who is no administrator", async () => {
      const groups = groupsOf(await logIn("vera.viewer"));
      expect(groups).toContain("k8s-viewers");
      expect(groups).not.toContain("k8s-admins");
    });

    test("nobody with a wrong password", async () => refused(await logIn("anna.nested", "wrong")));
    test("nobody without a password", async () => refused(await logIn("anna.nested", "")));
    test("nobody by a name that is an LDAP filter", async () =>
      refused(
        await officeScript<LoginResult>("lab-login", {
          issuer: lab().plan.login.issuer,
          redirectUri: loginRedirects[0],
          username: "anna*",
          password: people[0].password,
        } satisfies LoginRequest),
      ));
    test("no disabled account", async () => refused(await logIn("diana.disabled")));
    test("nobody whose password expired", async () => refused(await logIn("elio.expired")));

    test("nobody while the directory would be asked without encryption", async () => {
      const auth = lab().plan.hosts.find(({ role }) => role === "auth")!.address;
      await lab().exec("gw", ["nft", "-f", "-"], { input: downgrade(auth, lab().plan.dns.nameservers[0]) });
      try {
        expect(await logIn("dario.direct")).toMatchObject({ kind: "refused", status: 500 });
        // The detour was taken: gw counted packets on it.
        const { stdout } = await lab().exec("gw", ["nft", "list", "table", "inet", "downgrade"]);
        expect(Number(/counter packets (\d+)/.exec(stdout)?.[1])).toBeGreaterThan(0);
      } finally {
        await lab().exec("gw", ["nft", "delete", "table", "inet", "downgrade"]);
        const handle = "nft -a list chain inet perimeter forward | sed -n 's/.*\"downgrade\".*# handle //p'";
        await lab().exec("gw", ["sh", "-ec", `nft delete rule inet perimeter forward handle $(${handle})`]);
      }
      expect(groupsOf(await logIn("dario.direct"))).toContain("k8s-admins");
    });

    test("the directory itself refuses the bind account without encryption, and takes it with", async () => {
      const { domain, site } = lab();
      const [controller] = site.activeDirectory.servers;
      const search = (url: string, encrypted: boolean) =>
        lab().exec(
          "office",
          [
            "sh",
            "-c",
            `cat > /run/bind; LDAPTLS_CACERT=/usr/local/share/ca-certificates/lab.crt exec "$@"`,
            "sh",
          ].concat(
            ["ldapsearch", "-x", "-LLL", "-H", url, "-D", site.activeDirectory.ldap.bindUser, "-y", "/run/bind"],
            ["-b", site.activeDirectory.ldap.userBase, "(sAMAccountName=anna.nested)", "dn"],
          ),
          { input: domain.bindPassword, accept: encrypted ? [0] : [8] },
        );
      expect((await search(`ldap://${controller.name}`, false)).stderr).toMatch(/Strong\(er\) authentication required/);
      expect((await search(`ldaps://${controller.name}`, true)).stdout).toContain("CN=anna.nested,");
    });

    test("and no site file can ask for an unencrypted directory", async () => {
      const { site } = lab();
      const plain = (encryption: string) => ({
        ...site,
        activeDirectory: { ...site.activeDirectory, ldap: { ...site.activeDirectory.ldap, encryption } },
      });
      expect(siteSchema.safeParse(plain("ldaps")).success).toBe(true);
      expect(siteSchema.safeParse(plain("starttls")).success).toBe(true);
      for (const encryption of ["none", "plain", "ldap", ""])
        expect(siteSchema.safeParse(plain(encryption)).success).toBe(false);
      const dex = await onHost("auth", `cat ${dexConfigPath}\n`);
      expect(dex).not.toMatch(/insecure\w*:\s*true/i);
      expect(dex).toContain("rootCA:");
    });
  });
}
