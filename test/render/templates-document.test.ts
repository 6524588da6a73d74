/** docs/templates.md says what a prepared template holds; the renderers say what a host needs. They must agree. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { planRegion } from "../../plan/plan";
import { hostContent } from "../../render/host";
import { exampleSecrets } from "../support/example-host";
import { exampleSites } from "../support/example-sites";

/** Rows of the document's table: the host, and every word in code font that is no path. */
const documented = new Map(
  readFileSync(join(__dirname, "../../docs/templates.md"), "utf8")
    .split("\n")
    .filter((line) => /^\| .*`/.test(line))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, host = "", packages = ""]) => [
      host.replace(/ \(.*/, ""),
      [...packages.matchAll(/`([a-z0-9-]+)`/g)].map(([, name]) => name as string),
    ]),
);

const rows = { jump: "jump", auth: "auth", bgp: "BGP routers", capi: "capi" } as const;

test("every host's packages are the documented ones", () => {
  const sites = exampleSites();
  sites.siziano.bgp.upstream = { kind: "static", sharedAddress: "172.20.10.20", virtualRouterId: 20 };
  const plan = planRegion(sites, "siziano");
  const everyHost = documented.get("every host") ?? [];
  expect(everyHost).toContain("openssh-server");
  for (const host of plan.hosts) {
    const { packages } = hostContent(sites.siziano, plan, host, exampleSecrets);
    // `static` is a value of the site file in the routers' row.
    const own = (documented.get(rows[host.role]) ?? []).filter((name) => name !== "static");
    expect([host.name, [...packages].sort()]).toEqual([host.name, [...new Set([...everyHost, ...own])].sort()]);
  }
});
