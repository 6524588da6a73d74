import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { repository } from "../../lab/paths";
import { consoleProgress } from "../../lab/progress";
import { run } from "../../lab/run";
import { ensureToolchain } from "../../lab/toolchain";
import { exampleSites } from "../support/example-sites";
import type { SimulatedVcenter } from "../support/simulated-vcenter";
import { startVcenter } from "../support/simulated-vcenter";

/** Everything but virtual machines, which need guests: test/e2e has those. */
const program = `
const { readFileSync } = require("node:fs");
const pulumi = require("@pulumi/pulumi");
const vsphere = require("@pulumi/vsphere");
const { local } = require("@pulumi/command");
const { vcenter, password } = JSON.parse(readFileSync("vcenter.json", "utf8"));
const provider = new vsphere.Provider("vcenter", {
  user: vcenter.username, password: pulumi.secret(password), vsphereServer: vcenter.server, allowUnverifiedSsl: true,
});
const options = { provider };
const datacenterId = vsphere.getDatacenterOutput({ name: vcenter.datacenter }, options).id;
const folder = new vsphere.Folder("folder", { path: "site", type: "vm", datacenterId }, options);
const category = new vsphere.TagCategory(
  "category", { name: "site", cardinality: "SINGLE", associableTypes: ["VirtualMachine", "Folder"] }, options);
const tag = new vsphere.Tag("tag", { name: "site", categoryId: category.id }, options);
const disk = new vsphere.VirtualDisk("disk", {
  datacenter: vcenter.datacenter, datastore: vcenter.datastore, size: 2, type: "thin",
  vmdkPath: "site/data.vmdk", createDirectories: true,
}, options);
const command = new local.Command("command", { create: "echo $GREETING", environment: { GREETING: pulumi.secret("a-canary-greeting") } });
exports.folder = folder.path;
exports.disk = disk.vmdkPath;
exports.tag = tag.id;
exports.said = command.stdout;
`;

describe("the engine with the plugins on the PATH", () => {
  let folder: string;
  let vcenter: SimulatedVcenter;
  let pulumi: (...args: string[]) => Promise<string>;

  beforeAll(async () => {
    const { paths, env } = await ensureToolchain({ progress: consoleProgress() });
    const site = exampleSites().siziano;
    vcenter = await startVcenter(site);
    folder = mkdtempSync(join(tmpdir(), "engine-"));
    mkdirSync(join(folder, "state"));
    writeFileSync(join(folder, "Pulumi.yaml"), "name: engine\nruntime: nodejs\nmain: index.js\n");
    writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "engine", main: "index.js" }));
    writeFileSync(join(folder, "index.js"), program);
    writeFileSync(
      join(folder, "vcenter.json"),
      JSON.stringify({ vcenter: vcenter.site.vcenter, password: vcenter.password }),
    );
    symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
    const environment = {
      ...process.env,
      ...env,
      PULUMI_HOME: join(folder, "home"),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "test",
    };
    pulumi = async (...args) => {
      const command = [paths.pulumi, ...args, "--non-interactive"];
      const { code, stdout, stderr } = await run(command, { cwd: folder, env: environment, accept: [0, 1, 255] });
      if (code !== 0) throw new Error(`pulumi ${args.join(" ")}: exit code ${code}\n${stdout}\n${stderr}`);
      return stdout;
    };
    await pulumi("stack", "init", "test");
  }, 900_000);
  afterAll(async () => {
    await vcenter.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("creates, finds nothing to change, and destroys, with no complaint about versions", async () => {
    const up = await pulumi("up", "--yes", "--skip-preview", "--stack", "test");
    expect(up).not.toMatch(/is expected to have version|reserved by the engine|a-canary-greeting/);
    const outputs = JSON.parse(await pulumi("stack", "output", "--json", "--stack", "test")) as Record<string, string>;
    expect(outputs).toMatchObject({ folder: "site", disk: "site/data.vmdk", said: "[secret]" });
    expect(outputs.tag).toMatch(/^urn:vmomi:InventoryServiceTag:/);
    await pulumi("preview", "--refresh", "--expect-no-changes", "--stack", "test");
    expect(await pulumi("destroy", "--yes", "--stack", "test")).toMatch(/- \d+ deleted/);
  }, 120_000);
});
