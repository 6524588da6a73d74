/** The real Chromium (Debian's), on a profile of its own that trusts one CA. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import puppeteer, { type Page } from "puppeteer-core";
import { run } from "../../lab/run";

/** Milliseconds for one page: the machine may be busy. */
export const patience = 60_000;

/** A page, and what the browser itself complained of meanwhile, such as something that a Content-Security-Policy held back. */
export interface Tab {
  readonly page: Page;
  readonly complaints: readonly string[];
}

/** Chromium trusts what its user's NSS database says. */
async function trust(home: string, authority: string): Promise<void> {
  const folder = join(home, ".pki", "nssdb");
  await mkdir(folder, { recursive: true });
  await run(["certutil", "-d", `sql:${folder}`, "-N", "--empty-password"]);
  await run(["certutil", "-d", `sql:${folder}`, "-A", "-t", "C,,", "-n", "lab", "-i", authority]);
}

/** Opens one page for as long as `work` takes. `authority`: PEM file of the CA. */
export async function withChromium<T>(authority: string, work: (tab: Tab) => Promise<T>): Promise<T> {
  const home = await mkdtemp(join(tmpdir(), "browser-"));
  await trust(home, authority);
  const browser = await puppeteer.launch({
    executablePath: "/usr/bin/chromium",
    // Root may not use Chromium's sandbox.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    userDataDir: join(home, "profile"),
    env: { ...process.env, HOME: home },
    timeout: patience,
  });
  try {
    const page = await browser.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    return await work({ page, complaints });
  } finally {
    await browser.close();
    await rm(home, { recursive: true, force: true });
  }
}
