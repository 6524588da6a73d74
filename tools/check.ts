/** `npm run check`: all faults of all site files at once, offline. */
import { faultText, type Fault } from "../config/fault";
import { parseSiteFiles, readSiteFiles, stackNames } from "../config/site-files";
import { checkSites } from "../plan/check";
import { exitCodes, projectRoot, runCommand, UsageError } from "./command";

const help = `npm run check [-- STACK ...] [--json] [--root DIR]

Checks every site file (Pulumi.<stack>.yaml): shapes, addresses, overlaps within and across sites, room for nodes,
ids, names, meshes, versions, trust, and what production refuses. Needs neither network nor passphrase.
All sites are always read, since ranges must be disjoint across them; STACK narrows what is reported.

  --json      {"version": 1, "faults": [{site, path, value, rule, problem, remedy, severity}]}
  --root DIR  the project's folder; default: this repository

Exit code 0: no errors (notices do not count), 1: errors, 2: called wrongly.`;

void runCommand({
  help,
  options: { json: { type: "boolean" }, root: { type: "string" } },
  run({ json, root = projectRoot }, stacks) {
    const files = readSiteFiles(root);
    const unknown = stacks.filter((stack) => !files.some((file) => file.stack === stack));
    if (unknown.length > 0) {
      throw new UsageError(`${unknown.join(", ")}: no such stack; there are ${stackNames(root).join(", ")}`);
    }
    const wanted = new Set(files.filter((file) => stacks.includes(file.stack)).map((file) => file.site));
    const faults = checkSites(parseSiteFiles(files)).filter((fault) => stacks.length === 0 || wanted.has(fault.site));
    report(faults, json === true, files.length);
    return faults.some((fault) => fault.severity === "error") ? exitCodes.refused : exitCodes.done;
  },
});

function report(faults: readonly Fault[], json: boolean, sites: number): void {
  if (json) {
    console.log(JSON.stringify({ version: 1, faults }, undefined, 2));
    return;
  }
  for (const fault of faults) console.log(faultText(fault));
  const errors = faults.filter((fault) => fault.severity === "error").length;
  console.log(`${sites} site files: ${errors} errors, ${faults.length - errors} notices`);
}
