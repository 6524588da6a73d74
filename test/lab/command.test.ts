import { passedGoTests } from "../support/go-tests";

/**
 * The stand-in's own tests, in Go: a real SSH server, proxies, wrong host keys, failing commands, secrets, and its schema
 * against the official one.
 */
test("the stand-in for the command plugin passes its tests", async () => {
  const passed = await passedGoTests("pulumi-resource-command");
  expect(passed).toContain("TestAWrongHostKeyEndsBeforeAnyCommand");
  expect(passed).toContain("TestSchemaIsTheOfficialOneForWhatItKnows");
}, 900_000);
