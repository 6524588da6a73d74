/**
 * `npm run preview:digest`: turns the output of `pulumi preview --json` (standard input) into a short Markdown comment.
 *
 * It names resources, operations and the paths of properties that change, never a value: a digest is public to whoever
 * reads the pull request, and values may hold what a secret was derived from. Diagnostics are counted, not quoted.
 */
import { parseArgs } from "node:util";
import { z } from "zod";

const stepSchema = z.object({
  op: z.string(),
  urn: z.string(),
  detailedDiff: z.record(z.string(), z.unknown()).nullish(),
});

/** What we rely on in the engine's preview digest; the rest is ignored. Source: pulumi pkg/display `PreviewDigest`. */
export const previewSchema = z.object({
  steps: z.array(stepSchema).default([]),
  diagnostics: z.array(z.object({ severity: z.string().optional() })).default([]),
  changeSummary: z.record(z.string(), z.number()).optional(),
});
export type Preview = z.output<typeof previewSchema>;

const marks: Readonly<Record<string, string>> = { create: "+", update: "~", replace: "±", delete: "-" };

/** `urn:pulumi:stack::project::Parent$type::name` → its type and name. */
function describe(urn: string): { type: string; name: string } {
  const [, , types = "", ...name] = urn.split("::");
  return { type: types.split("$").pop() ?? types, name: name.join("::") };
}

/** Markdown for one stack's preview; at most `limit` rows. */
export function digest(stack: string, preview: Preview, limit = 40): string {
  const changes = preview.steps.filter((step) => step.op in marks);
  const errors = preview.diagnostics.filter((each) => each.severity === "error").length;
  const counts = Object.keys(marks).map((op) => `${changes.filter((step) => step.op === op).length} to ${op}`);
  const head = `### Preview of \`${stack}\`\n\n${errors > 0 ? `**${errors} errors: see the job's log.** ` : ""}`;
  if (changes.length === 0) return `${head}No changes.\n`;
  const rows = changes.slice(0, limit).map((step) => {
    const { type, name } = describe(step.urn);
    const paths = Object.keys(step.detailedDiff ?? {});
    const shown = paths.slice(0, 5).map((path) => `\`${path}\``);
    return `| ${marks[step.op]} ${step.op} | \`${type}\` | ${name} | ${shown.join(", ")}${paths.length > 5 ? `, +${paths.length - 5}` : ""} |`;
  });
  const rest = changes.length > limit ? `\n…and ${changes.length - limit} more.\n` : "";
  return `${head}${counts.join(", ")}.\n\n| | type | name | changes |\n|---|---|---|---|\n${rows.join("\n")}\n${rest}`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { help: { type: "boolean", short: "h" } },
  });
  if (values.help || positionals.length !== 1) {
    console.log("Usage: pulumi preview --stack STACK --json | npm run --silent preview:digest -- STACK");
    return values.help ? 0 : 2;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString("utf8");
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    console.error("preview-digest: standard input is not the JSON of `pulumi preview --json`; nothing was written.");
    return 1;
  }
  const parsed = previewSchema.safeParse(json);
  if (!parsed.success) {
    console.error(`preview-digest: this is not a preview that is understood:\n${z.prettifyError(parsed.error)}`);
    return 1;
  }
  process.stdout.write(digest(positionals[0]!, parsed.data));
  return parsed.data.diagnostics.some((each) => each.severity === "error") ? 1 : 0;
}

if (require.main === module) void main().then((code) => (process.exitCode = code));
