import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { Refusal } from "../../components/refusal";

test("a refusal is its message alone, for the engine and for who colours it", () => {
  const refusal = new Refusal("not ready\n    remedy: make it so");
  expect(pulumi.RunError.isInstance(refusal)).toBe(true);
  expect(refusal.message).toBe("not ready\n    remedy: make it so");
  expect(inspect(refusal, { colors: true })).not.toContain(" at ");
});
