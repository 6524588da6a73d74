/** `npm run verify`: one pass/fail table of a live site, from the real tools' own words, with rights to read. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { projectName } from "../config/site-files";
import { secretSchemas } from "../config/secrets";
import type { Site } from "../config/site";
import { verifyAccount } from "../render/verify-account";
import { credentialsSchema, verificationSchema, type Credentials } from "../verify/credentials";
import { makeReport, renderReport } from "../verify/report";
import { unseen, verify } from "../verify/verify";
import { CommandError, exitCodes, projectRoot, runCommand, UsageError } from "./command";
import { stackConfig, stackOutput } from "./pulumi-config";
import { readSite } from "./region-access";

const help = `npm run verify -- STACK [--json] [--config-file FILE] [--credentials FILE] [--write-credentials FILE]

Looks at a live site and compares it with its plan: machines (vCenter), clusters and their machines (Cluster API), nodes,
Cilium, every BGP session from both ends, every route on every router, every DNS answer of every Active Directory server,
every forwarder, the login, and the remaining life of certificates. Changes nothing. What does not answer, or answers
nothing, has failed. Runs where \`up\` runs; needs kubectl on the PATH. What rights it needs: docs/verify.md.

  --json                    {"version": 1, "site", "time", "passed", "failed", "checks": [{family, subject, source, verdict,
                            detail}], "unseen": [text]}
  --config-file FILE        the stack's file, where it is not beside Pulumi.yaml
  --credentials FILE        what --write-credentials wrote; then neither pulumi nor the stack's passphrase is needed
  --write-credentials FILE  only write the read-only credentials that the stack holds, for a machine that shall have no others
  --root DIR                the project's folder; default: this repository

VCENTER_USERNAME and VCENTER_PASSWORD in the environment stand for the site's own account.

Exit code 0: all passed, 1: something failed or could not be read, 2: called wrongly.`;

void runCommand({
  help,
  options: {
    json: { type: "boolean" },
    "config-file": { type: "string" },
    credentials: { type: "string" },
    "write-credentials": { type: "string" },
    root: { type: "string" },
  },
  async run({ json, root = projectRoot, ...files }, stacks) {
    const [stack] = stacks;
    if (stack === undefined || stacks.length > 1) throw new UsageError("name one stack");
    const { site, plan } = readSite(root, stack, files["config-file"]);
    const credentials =
      files.credentials === undefined
        ? ofStack(root, stack, files["config-file"], site)
        : readCredentials(files.credentials);
    const target = files["write-credentials"];
    if (target !== undefined) {
      if (existsSync(target)) throw new CommandError(`${target}: exists. Remedy: remove it, or name another file`);
      const readOnly: Credentials = { ...credentials, directory: undefined };
      writeFileSync(target, `${JSON.stringify(readOnly, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
      console.log(`wrote ${target}: it holds secrets`);
      return exitCodes.done;
    }
    const now = new Date();
    const live = { site, plan, credentials, now };
    const report = makeReport(plan.site, now, await verify(live), unseen(live));
    process.stdout.write(json ? `${JSON.stringify(report, undefined, 2)}\n` : renderReport(report));
    return report.failed === 0 && report.passed > 0 ? exitCodes.done : exitCodes.refused;
  },
});

function readCredentials(file: string): Credentials {
  const parsed = credentialsSchema.safeParse(parseJson(readFileSync(file, "utf8")));
  if (parsed.success) return parsed.data;
  const wrong = parsed.error.issues.map((issue) => issue.path.join(".") || "the whole").join(", ");
  throw new CommandError(`${file}: ${wrong} is not as --write-credentials writes it`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The account that `up` changes Active Directory's DNS with, where the site has one. */
function directoryOf({ activeDirectory }: Site, privateKey: string | undefined): Pick<Credentials, "directory"> {
  const { administration, ssh } = activeDirectory.dns;
  if (administration === "manual" || ssh === undefined || !privateKey) return {};
  const { user, port, hostKeys } = ssh;
  return { directory: { user, port, hostKeys, privateKey } };
}

/** The read-only credentials of a stack: two of its secrets, public halves of its host keys, and one output. */
function ofStack(root: string, stack: string, configFile: string | undefined, site: Site): Credentials {
  const options = { root, stack, configFile };
  const texts = stackConfig(options).read();
  const text = (key: string): string => {
    const value = texts.get(`${projectName(root)}:${key}`);
    if (!value) throw new CommandError(`${stack}: ${key} is not set. Remedy: npm run secrets -- ${stack}`);
    return value;
  };
  const { privateKey } = secretSchemas.verifyKey.parse(parseJson(text("verifyKey")));
  const hostKeys = secretSchemas.sshHostKeys.parse(parseJson(text("sshHostKeys")));
  const { VCENTER_USERNAME: username, VCENTER_PASSWORD: password } = process.env;
  return {
    version: 1,
    vcenter: {
      username: username ?? site.vcenter.username,
      password: username === undefined ? text("vcenterPassword") : (password ?? ""),
    },
    ssh: {
      user: verifyAccount,
      privateKey,
      hostKeys: Object.fromEntries(Object.entries(hostKeys).map(([host, { publicKey }]) => [host, publicKey])),
    },
    ...directoryOf(site, texts.get(`${projectName(root)}:dnsAdministrationKey`)),
    // A stack whose clusters are yet to come has no such output.
    kubeconfigs: verificationSchema.parse(stackOutput(options, "verification") ?? { clusters: {} }),
  };
}
