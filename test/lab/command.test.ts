import { run } from "../../lab/run";
import { goEnvironment } from "../../lab/toolchain/build";
import { programs } from "../../lab/toolchain/programs";

/**
 * The stand-in's own tests, in Go: a real SSH server, proxies, wrong host keys, failing commands, secrets, and its schema
 * against the official one. With the build's flags, so that what it compiled is used again.
 */
describe("the stand-in for the command plugin", () => {
  it("passes its tests", async () => {
    const { directory } = programs()["pulumi-resource-command"];
    const command = ["go", "test", "-mod=readonly", "-trimpath", "-count=1", "-json", "./..."];
    const { code, stdout } = await run(command, { cwd: directory, env: goEnvironment(false), accept: [0, 1] });
    const events = stdout
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as { Action: string; Test?: string; Output?: string });
    const failed = events.filter(({ Action, Test }) => Action === "fail" && Test !== undefined).map(({ Test }) => Test);
    const passed = events.filter(({ Action, Test }) => Action === "pass" && Test !== undefined).map(({ Test }) => Test);
    if (code !== 0)
      throw new Error(`failed: ${failed.join(", ")}\n${events.map(({ Output }) => Output ?? "").join("")}`);
    expect(failed).toEqual([]);
    expect(passed).toContain("TestAWrongHostKeyEndsBeforeAnyCommand");
    expect(passed).toContain("TestSchemaIsTheOfficialOneForWhatItKnows");
  }, 900_000);
});
