import { deployed } from "../../support/cluster-nodes";
import { lab, officeScript } from "../../support/lab";
import { isLoggedIn, sitDown, type Desk } from "../../support/lab-kubectl";
import type { BrowserResult } from "../../support/lab-browser";
import type { PageRequest, PageResult } from "../../support/lab-page";
import type { RunResult } from "../../../lab/run";
import { loginPagePath } from "../../../render/login";

/** Somebody types their first command, and logs in on the way. */
async function firstCommand(
  account: string,
  flow: "browser" | "device",
  ...args: string[]
): Promise<{ desk: Desk; run: RunResult; browser: BrowserResult }> {
  const desk = await sitDown(account, "management");
  return { desk, ...(await desk.kubectlWithLogin(flow, ...args)) };
}

/** What auth's Content-Security-Policy held back, but for the one script of dex's form, which the form can do without. */
const heldBack = (complaints: readonly string[]): string[] =>
  complaints.filter((text) => text.includes("Content Security Policy") && !text.includes("inline script"));

interface WhoAmI {
  readonly status: { readonly userInfo: { readonly username: string; readonly groups: readonly string[] } };
}

const forbidden = (run: RunResult, what: string) => {
  expect(run).toMatchObject({ code: 1, stdout: "" });
  expect(run.stderr).toContain("Error from server (Forbidden)");
  expect(run.stderr).toContain(what);
};

/** The real kubelogin, the real Chromium, dex, Active Directory and the clusters' API servers. */
export function kubectlLogin(): void {
  describe("kubectl's login", () => {
    test("an administrator through nested groups types `kubectl get nodes`, logs in in the browser, and sees the nodes", async () => {
      const { desk, run, browser } = await firstCommand("anna.nested", "browser", "get", "nodes", "--output=name");
      expect(browser.url).toMatch(/^http:\/\/localhost:(8000|18000)\/\?code=/);
      expect(heldBack(browser.complaints)).toEqual([]);
      expect(run).toMatchObject({ code: 0 });
      expect(run.stdout).toMatch(/^node\/\S+/);
      // No second login: the token is kept, and is that person's.
      const { stdout, stderr } = await desk.kubectl("auth", "whoami", "--output=json");
      expect(stderr).toBe("");
      const { username, groups } = (JSON.parse(stdout) as WhoAmI).status.userInfo;
      const { prefix } = lab().plan.login;
      expect(username).toBe(`${prefix}anna.nested`);
      expect(groups).toEqual(expect.arrayContaining([`${prefix}k8s-admins`, "system:authenticated"]));
      expect(groups.filter((group) => !group.startsWith(prefix))).toEqual(["system:authenticated"]);
    });

    test("with a code, for a machine without a browser", async () => {
      const { run, browser } = await firstCommand("dario.direct", "device", "get", "nodes", "--output=name");
      expect(isLoggedIn(browser)).toBe(true);
      expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/^node\/\S+/) });
    });

    test("a viewer sees pods, and neither nodes nor secrets, and deletes nothing", async () => {
      const { desk, run } = await firstCommand(
        "vera.viewer",
        "browser",
        "get",
        "pods",
        "--namespace=kube-system",
        "--output=name",
      );
      expect(run).toMatchObject({ code: 0, stdout: expect.stringMatching(/^pod\/\S+/) });
      const [pod] = run.stdout.split("\n");
      forbidden(await desk.kubectl("delete", "--namespace=kube-system", pod), "cannot delete resource");
      forbidden(await desk.kubectl("get", "nodes"), 'cannot list resource "nodes"');
      forbidden(await desk.kubectl("get", "secrets", "--namespace=kube-system"), 'cannot list resource "secrets"');
    });

    test("somebody of no group logs in, and may do nothing", async () => {
      const { run, browser } = await firstCommand("nora.nogroup", "browser", "get", "pods");
      expect(isLoggedIn(browser)).toBe(true);
      forbidden(run, 'User "ad:nora.nogroup" cannot list resource "pods"');
    });

    test.each(["diana.disabled", "elio.expired"])("%s is refused at dex's page", async (account) => {
      const { run, browser } = await firstCommand(account, "browser", "get", "nodes");
      expect(browser.text).toMatch(/invalid .*(username|account name).* password/i);
      expect(browser.url).toContain(lab().plan.login.issuer);
      expect(run).toMatchObject({ stdout: "" });
      expect(run.code).not.toBe(0);
    });

    test("each cluster trusts its own CA: another one's kubeconfig opens no other cluster", async () => {
      const kubeconfigs = JSON.parse(
        (await lab().pulumi(["stack", "output", "kubeconfigs", "--json"])).stdout,
      ) as Record<string, string>;
      expect(Object.keys(kubeconfigs).sort()).toEqual(deployed().map(({ name }) => name));
      const authorities = Object.values(kubeconfigs).map((text) => /certificate-authority-data: (\S+)/.exec(text)?.[1]);
      expect(new Set(authorities).size).toBe(deployed().length);
    });

    test("the page beside it says how, for every cluster", async () => {
      const page = await officeScript<PageResult>("lab-page", {
        url: `${lab().plan.login.issuer}/`,
        authority: lab().authority.certificateFile,
      } satisfies PageRequest);
      expect(heldBack(page.complaints)).toEqual([]);
      expect(page.title).toBe(`kubectl on Kubernetes ${lab().plan.site}`);
      const base = `${lab().plan.login.issuer}${loginPagePath}`;
      expect(page.links).toEqual(expect.arrayContaining(deployed().map(({ name }) => `${base}${name}.yaml`)));
    });
  });
}
