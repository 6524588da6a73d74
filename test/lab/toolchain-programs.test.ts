import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { repository } from "../../lab/paths";
import { consoleProgress } from "../../lab/progress";
import { ensureToolchain, toolchainVersions } from "../../lab/toolchain";
import { pinnedVersion } from "../../lab/toolchain/program";
import { programs } from "../../lab/toolchain/programs";

const manifest = JSON.parse(readFileSync(join(repository, "package.json"), "utf8")) as {
  dependencies: Record<string, string>;
};

describe("the pinned programs", () => {
  it("are modules of ours with their sums", () => {
    for (const { directory } of Object.values(programs())) {
      expect(existsSync(join(directory, "go.mod"))).toBe(true);
      expect(existsSync(join(directory, "go.sum"))).toBe(true);
    }
  });

  it("fit the npm packages that talk to them", () => {
    const { pulumi, ...others } = programs();
    expect(pulumi.version).toBe(manifest.dependencies["@pulumi/pulumi"]);
    expect(others["pulumi-resource-command"].version.split("+")[0]).toBe(manifest.dependencies["@pulumi/command"]);
    expect(others["pulumi-resource-vsphere"].version).toMatch(/^4\.18\.0\+terraform-provider-vsphere\.1\.26\.0$/);
  });

  it("are listed with their versions", () => {
    const listed = toolchainVersions();
    expect(listed.map(({ name }) => name)).toEqual(Object.keys(programs()));
    for (const { version } of listed) expect(version).toMatch(/\d+\.\d+/);
  });

  it("cannot be asked for a module that is not required", () => {
    expect(() => pinnedVersion("pulumi", "example.org/none")).toThrow(/requires no module/);
  });
});

describe("a pulumi on the PATH", () => {
  const { PATH } = process.env;
  let folder: string;
  const install = (version: string) => {
    writeFileSync(join(folder, "pulumi"), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
    process.env.PATH = [folder, PATH].join(delimiter);
  };
  const used = async () => await ensureToolchain({ progress: consoleProgress(() => undefined), names: ["pulumi"] });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "official-"));
  });
  afterEach(() => {
    process.env.PATH = PATH;
    rmSync(folder, { recursive: true, force: true });
  });

  it("is used when it is the pinned version, where it lies", async () => {
    install(`v${programs().pulumi.version}`);
    const { paths, env } = await used();
    expect(paths.pulumi).toBe(join(folder, "pulumi"));
    expect(env.PATH).toBe(process.env.PATH);
  });

  it("is not used when it is another version", async () => {
    install("v3.100.0");
    const { paths, env } = await used();
    expect(paths.pulumi).toMatch(/\.lab\/cache\/toolchain\/pulumi-[0-9a-f]{16}\/pulumi$/);
    expect(env.PATH.startsWith(join(paths.pulumi, ".."))).toBe(true);
  }, 900_000);
});
