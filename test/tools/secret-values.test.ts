import { generateSshKeyPair } from "../../tools/secret-values";

test("every SSH key is a whole one, also one that begins with zeros", () => {
  // One key in 256 does: of 2000 none would begin so once in 2500 runs.
  const lengths = Array.from({ length: 2000 }, () => {
    const [type, blob] = generateSshKeyPair("host").publicKey.split(" ");
    return `${type} ${Buffer.from(blob, "base64").readUInt32BE(4 + type.length)}`;
  });
  expect(new Set(lengths)).toEqual(new Set(["ssh-ed25519 32"]));
});
