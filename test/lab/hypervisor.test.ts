import { passedGoTests } from "../support/go-tests";
import { readerRoot } from "../support/reader-root";

/** The vCenter stand-in's own tests, in Go: a real client against it, and guests that boot from the prepared root. */
test("the hypervisor passes its tests", async () => {
  const passed = await passedGoTests("hypervisor", { HYPERVISOR_TEST_ROOT: await readerRoot() });
  expect(passed).toContain("TestLifeOfAVM");
  expect(passed).toContain("TestANodeHasAKernelOfItsOwn");
  expect(passed).toContain("TestPrivilegesAreThoseOfTheConfig");
}, 900_000);
