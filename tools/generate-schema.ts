/** `npm run generate:schema`: what follows from the schema and is committed. A test fails where a file is stale. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
import { projectName } from "../config/site-files";
import { exitCodes, projectRoot, runCommand } from "./command";
import { withProjectConfig } from "./schema/project-config";
import { renderReference } from "./schema/reference";
import { stackFileSchema } from "./schema/site-schema";

const help = `npm run generate:schema [-- --json]

Writes what follows from config/ and plan/rules/:
  config/stack.schema.json   for editors; the stack files name it
  docs/site-file.md          reference of the keys and of the check's rules
  Pulumi.yaml                its config section, the rest stays

  --json  print the files' contents by name, and write nothing`;

/** The generated files below `root`, formatted as the repository's other files are. */
async function generatedFiles(root: string): Promise<Readonly<Record<string, string>>> {
  const files = {
    "config/stack.schema.json": JSON.stringify(stackFileSchema(projectName(root))),
    "docs/site-file.md": renderReference(),
    "Pulumi.yaml": withProjectConfig(readFileSync(join(root, "Pulumi.yaml"), "utf8")),
  };
  const formatted = Object.entries(files).map(async ([name, text]): Promise<[string, string]> => {
    const filepath = join(root, name);
    return [name, await format(text, { ...(await resolveConfig(filepath)), filepath })];
  });
  return Object.fromEntries(await Promise.all(formatted));
}

void runCommand({
  help,
  options: { json: { type: "boolean" } },
  async run({ json }) {
    const files = await generatedFiles(projectRoot);
    if (json) console.log(JSON.stringify(files));
    else for (const [name, text] of Object.entries(files)) writeFile(name, text);
    return exitCodes.done;
  },
});

function writeFile(name: string, text: string): void {
  writeFileSync(join(projectRoot, name), text);
  console.log(`wrote ${name}`);
}
