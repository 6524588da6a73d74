/** A page as Chromium shows it. As a program it reads a PageRequest from standard input and runs as somebody in the office. */
import { patience, withChromium } from "./chromium";
import { requestFromInput } from "./input";

export interface PageRequest {
  readonly url: string;
  /** PEM file of the CA that the browser trusts. */
  readonly authority: string;
}

export interface PageResult {
  readonly title: string;
  /** Absolute addresses of all links. */
  readonly links: readonly string[];
  readonly complaints: readonly string[];
}

const look = ({ url, authority }: PageRequest): Promise<PageResult> =>
  withChromium(authority, async ({ page, complaints }) => {
    await page.goto(url, { timeout: patience });
    const links = await page.$$eval("a", (anchors) =>
      anchors.map((anchor) => (anchor as unknown as { readonly href: string }).href),
    );
    return { title: await page.title(), links, complaints };
  });

if (require.main === module)
  void requestFromInput<PageRequest>()
    .then(look)
    .then((result) => console.log(JSON.stringify(result)));
