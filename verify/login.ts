/** The kubectl login, as far as it goes without a person: dex is discovered, and the kubeconfigs are offered. */
import * as https from "node:https";
import type { RegionPlan } from "../plan/model";
import { kubeconfigName, loginPagePath } from "../render/login";
import { askOne, findingOf, type Check } from "./check";

function get(url: string, ca: string | undefined): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ca, timeout: 10_000 }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, text }));
      response.once("error", reject);
    });
    request.once("timeout", () => request.destroy(new Error(`no answer from ${url} within 10 s`)));
    request.once("error", reject);
  });
}

/** Asks over HTTPS, as a browser and kubelogin do; `auth` is found by its name. */
export async function checkLogin({ login, clusters }: RegionPlan): Promise<readonly Check[]> {
  const discovery = `${login.issuer}/.well-known/openid-configuration`;
  const offered = clusters.filter(({ state }) => state === "deployed");
  const found = await Promise.all([
    askOne("login", "dex", discovery, async () => {
      const { status, text } = await get(discovery, login.trustAnchor);
      const issuer = status === 200 ? (JSON.parse(text) as { issuer?: string }).issuer : undefined;
      return findingOf(`issuer ${issuer}`, [
        status !== 200 && `HTTP ${status}`,
        status === 200 && issuer !== login.issuer && `says that it is ${issuer ?? "nobody"}`,
      ]);
    }),
    ...offered.map((cluster) => {
      const url = `${login.issuer}${loginPagePath}${kubeconfigName(cluster)}`;
      return askOne("login", `kubeconfig of ${cluster.name}`, url, async () => {
        const { status, text } = await get(url, login.trustAnchor);
        return findingOf(`${text.length} characters for ${cluster.apiVip}`, [
          status !== 200 && `HTTP ${status}`,
          status === 200 &&
            !text.includes(`https://${cluster.apiVip}:`) &&
            `names another server than ${cluster.apiVip}`,
        ]);
      });
    }),
  ]);
  return found.flat();
}
