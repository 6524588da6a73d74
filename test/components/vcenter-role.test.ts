/** docs/vcenter-role.md holds the rights that preflight asks for, no more and no fewer. UPDATE_GOLDEN=1 rewrites its table. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { requiredPrivileges } from "../../components/preflight/privileges";

const file = join(__dirname, "../../docs/vcenter-role.md");
const [begin, end] = ["<!-- privileges: begin -->", "<!-- privileges: end -->"];

const table = requiredPrivileges
  .map(({ assignment, propagate, privileges }) => {
    const rows = Object.entries(privileges).map(([privilege, why]) => `| \`${privilege}\` | ${why} |`);
    const where = `### On ${assignment}\n\nPropagate to children: ${propagate ? "yes" : "no"}.`;
    return `${where}\n\n| privilege | why |\n| --- | --- |\n${rows.join("\n")}`;
  })
  .join("\n\n");

/** The formatter aligns tables, which says nothing. */
const unpadded = (text: string) => text.replace(/ {2,}/g, " ").replace(/-{3,}/g, "---");

test("the documented role is the one that is checked", () => {
  const text = readFileSync(file, "utf8");
  const wanted = `${text.slice(0, text.indexOf(begin) + begin.length)}\n\n${table}\n\n${text.slice(text.indexOf(end))}`;
  if (process.env.UPDATE_GOLDEN) {
    writeFileSync(file, wanted);
    return;
  }
  expect(unpadded(text)).toBe(unpadded(wanted));
});

test("no privilege is named twice in one place, and each says why", () => {
  for (const { privileges } of requiredPrivileges) {
    for (const [privilege, why] of Object.entries(privileges)) {
      expect(privilege).toMatch(/^[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)+$/);
      expect(why.length).toBeGreaterThan(3);
    }
  }
});
