import type { HostPlan } from "../plan/model";
import { firstBootResult } from "./first-boot";
import { quoteWord } from "./shell";

/**
 * A shell command for the account `deploy` over SSH: waits until cloud-init is done, then succeeds only if the first boot
 * did. Otherwise it prints the first boot's reason and cloud-init's own to standard error and exits with 1.
 * cloud-init's exit code 2 means warnings (since 23.4); what they broke shows in the first boot's result.
 */
export function readinessCommand(host: HostPlan): string {
  return [
    "code=0",
    "status=$(cloud-init status --wait --long 2>&1) || code=$?",
    `result=$(cat ${firstBootResult} 2>/dev/null) || result="it left no result"`,
    '{ [ "$code" -eq 0 ] || [ "$code" -eq 2 ]; } && [ "$result" = ok ] && exit 0',
    `printf '%s\\n' ${quoteWord(`${host.vmName}: the first boot did not finish`)}": $result" >&2`,
    `printf '%s\\n' "$status" | sed 's/^\\.*//' >&2`,
    "exit 1",
  ].join("\n");
}
