/** What `npm run recover` says to people. */
import type { Step } from "./recovery";

/** One line a step, and what comes next. */
export function renderSteps(stack: string, steps: readonly Step[], clear: boolean): string {
  const width = Math.max(0, ...steps.map(({ outcome }) => outcome.length));
  const lines = steps.map(
    ({ what, subject, outcome, detail }) => `  ${outcome.padEnd(width)}  ${what} ${subject}: ${detail}`,
  );
  return [...lines, `${stack}: ${nextOf(steps, clear)}`, ""].join("\n");
}

function nextOf(steps: readonly Step[], clear: boolean): string {
  if (steps.length === 0) return "nothing is in the way";
  if (clear) return "the way is clear. Next: pulumi up --refresh";
  if (!steps.some(({ outcome }) => outcome === "blocks"))
    return "nothing was changed. Next: the same without --dry-run";
  const locked = steps.some(({ what, outcome }) => what === "lock" && outcome === "blocks");
  return locked
    ? "nothing was changed. Next: recover on the machine that holds the lock; if that is gone for good, `pulumi cancel`, then recover"
    : "something is in the way of `up`, see above; `--yes` or `--remove MACHINE` agree to a removal";
}
