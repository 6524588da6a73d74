/** Every password that the secrets' schema admits reaches bgpd as it is: one that did not would leave a session without any. */
import { secretSchemas } from "../../config/secrets";
import { frrFiles, startFrr } from "../support/frr-machine";
import { Switch } from "../support/switch";

jest.setTimeout(60_000);

const admitted = (password: string) =>
  secretSchemas.bgpPasswords.safeParse({ clusters: { cluster: password } }).success;
const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index));

test("all characters that a password may hold, wherever they stand, and its greatest length", async () => {
  const characters = printable.filter(admitted);
  expect(characters).toHaveLength(94);
  const passwords = [...characters.flatMap((each) => [`${each}a`, `a${each}`, `a${each}b`]), "x".repeat(80)];
  for (const password of passwords) expect(admitted(password)).toBe(true);
  for (const password of ["", " a", "a b", "x".repeat(81), "a\nb", "ü"]) expect(admitted(password)).toBe(false);

  const neighbour = (index: number) => `10.0.${Math.floor(index / 250)}.${(index % 250) + 1}`;
  const lines = passwords.map((password, index) => ` neighbor ${neighbour(index)} password ${password}`);
  const sessions = lines.flatMap((line, index) => [` neighbor ${neighbour(index)} remote-as 65001`, line]);
  const vlan = await Switch.create(`p${process.pid.toString(36)}`);
  try {
    const namespace = await vlan.attach("router", []);
    const machine = await startFrr(
      namespace,
      "router",
      frrFiles(["router bgp 65000", ...sessions, "exit", ""].join("\n")),
    );
    try {
      const running = (await machine.exec(["vtysh", "-c", "show running-config"])).split("\n");
      expect(running.filter((line) => line.includes(" password ")).sort()).toEqual([...lines].sort());
    } finally {
      await machine.stop();
    }
  } finally {
    await vlan.remove();
  }
});
