/**
 * A person at Chromium: opens what kubelogin tells them to open, fills dex's pages in, and tells what they saw last.
 *
 * As a program it reads a BrowserRequest from standard input and runs as somebody in the office.
 */
import type { Page } from "puppeteer-core";
import { patience, withChromium } from "./chromium";
import { requestFromInput } from "./input";

export interface BrowserRequest {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** PEM file of the CA that this person's machine trusts. */
  readonly authority: string;
}

export interface BrowserResult {
  /** Where the browser ended, and what stood there. */
  readonly url: string;
  readonly text: string;
  readonly complaints: readonly string[];
}

/** The names of dex's own templates (web/templates of dex 2.41). */
const form = { name: "#login", password: "#password", code: "#user_code", submit: "#submit-login" };

async function submit(page: Page): Promise<void> {
  await Promise.all([page.waitForNavigation({ timeout: patience }), page.click(form.submit)]);
}

/** Fills in what comes: the code of a device, which its address may hold already, and the login. */
async function logIn(page: Page, { username, password }: BrowserRequest): Promise<void> {
  if ((await page.$(form.code)) !== null) await submit(page);
  await page.waitForSelector(form.name, { timeout: patience });
  await page.type(form.name, username);
  await page.type(form.password, password);
  await submit(page);
}

const browse = (request: BrowserRequest): Promise<BrowserResult> =>
  withChromium(request.authority, async ({ page, complaints }) => {
    await page.goto(request.url, { timeout: patience });
    await logIn(page, request);
    const text = await page.$eval("body", (body) => (body as unknown as { readonly innerText: string }).innerText);
    return { url: page.url(), text: text.replace(/\s+/g, " ").trim(), complaints };
  });

if (require.main === module)
  void requestFromInput<BrowserRequest>()
    .then(browse)
    .then((result) => console.log(JSON.stringify(result)));
