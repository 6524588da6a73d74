/**
 * kubectl's login as kubelogin does it: an OpenID Connect client with PKCE, and a browser that fills dex's form in.
 *
 * As a program it reads a LoginRequest from standard input and runs as somebody in the office.
 */
import { generators, Issuer } from "openid-client";

export interface LoginRequest {
  readonly issuer: string;
  readonly redirectUri: string;
  readonly username: string;
  readonly password: string;
}

/** Claims of the verified ID token; or what dex said instead of sending the browser back with a code. */
export type LoginResult =
  | { readonly kind: "token"; readonly claims: Readonly<Record<string, unknown>>; readonly algorithm: string }
  | { readonly kind: "refused"; readonly status: number; readonly page: string };

const clientId = "kubernetes";

const textOf = (html: string): string =>
  html
    .replace(/<(style|script)[^]*?<\/\1>/g, "")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ")
    .trim();

/** Follows redirects up to the client's own address, which nobody serves, and returns it; or the page that is shown. */
async function browse(start: string, redirectUri: string, form?: URLSearchParams): Promise<string | Response> {
  let url = start;
  let options: RequestInit = form ? { method: "POST", body: form, redirect: "manual" } : { redirect: "manual" };
  for (let hops = 0; hops < 10; hops += 1) {
    const response = await fetch(url, options);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) return response;
    url = new URL(location, url).href;
    if (url.startsWith(redirectUri)) return url;
    options = { redirect: "manual" };
  }
  throw new Error(`${start}: more than ten redirects`);
}

export async function login({ issuer, redirectUri, username, password }: LoginRequest): Promise<LoginResult> {
  const provider = await Issuer.discover(issuer);
  const client = new provider.Client({
    client_id: clientId,
    token_endpoint_auth_method: "none",
    redirect_uris: [redirectUri],
    response_types: ["code"],
  });
  const checks = { state: generators.state(), nonce: generators.nonce(), code_verifier: generators.codeVerifier() };
  const authorization = client.authorizationUrl({
    scope: "openid profile email groups",
    code_challenge: generators.codeChallenge(checks.code_verifier),
    code_challenge_method: "S256",
    state: checks.state,
    nonce: checks.nonce,
  });
  const shown = await browse(authorization, redirectUri);
  if (typeof shown === "string") throw new Error("dex sent the browser back before anybody logged in");
  const html = await shown.text();
  const action = /<form[^>]*action="([^"]+)"/.exec(html)?.[1];
  if (!shown.ok || action === undefined) return { kind: "refused", status: shown.status, page: textOf(html) };
  const target = new URL(action.replace(/&amp;/g, "&"), shown.url).href;
  const answer = await browse(target, redirectUri, new URLSearchParams({ login: username, password }));
  if (typeof answer !== "string") return { kind: "refused", status: answer.status, page: textOf(await answer.text()) };
  // Exchanges the code, then verifies signature (JWKS), issuer, audience, times and nonce.
  const tokens = await client.callback(redirectUri, client.callbackParams(answer), {
    code_verifier: checks.code_verifier,
    state: checks.state,
    nonce: checks.nonce,
  });
  const [header] = (tokens.id_token ?? "").split(".");
  const { alg } = JSON.parse(Buffer.from(header, "base64url").toString("utf8")) as { alg: string };
  return { kind: "token", claims: tokens.claims(), algorithm: alg };
}

async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  console.log(JSON.stringify(await login(JSON.parse(Buffer.concat(chunks).toString("utf8")) as LoginRequest)));
}

if (require.main === module) void main();
