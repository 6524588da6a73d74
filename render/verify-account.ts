/** The account by which `npm run verify` reads the routers: what it may ask, and that it may do nothing else. */
import type { BgpPlan } from "../plan/model";
import type { HostFile } from "./host-content";
import { rootFile } from "./host-file";

/** Name of the account, on the jump host (to pass through) and on the routers. */
export const verifyAccount = "verify";

export type RouterQuestion = "summary" | "table" | "kernel" | "advertised";

/** FRR's commands that answer each question; `advertised` only where gw speaks BGP. */
export function routerQuestions({
  upstream,
}: Pick<BgpPlan, "upstream">): Readonly<Partial<Record<RouterQuestion, string>>> {
  return {
    summary: "show bgp ipv4 unicast summary json",
    table: "show bgp ipv4 unicast json",
    kernel: "show ip route json",
    ...(upstream.kind === "bgp"
      ? { advertised: `show bgp ipv4 unicast neighbors ${upstream.gatewayAddress} advertised-routes json` }
      : {}),
  };
}

/** What every session of the account runs, whatever it asks for. */
export const verifyCommand = "/usr/local/lib/site/verify-router";

const script = (questions: readonly string[]) => [
  "#!/bin/sh",
  'case "${SSH_ORIGINAL_COMMAND:-}" in',
  `${questions.map((question) => `"${question}"`).join(" | ")})`,
  '  exec sudo --non-interactive vtysh -c "$SSH_ORIGINAL_COMMAND" ;;',
  "esac",
  `echo "${verifyAccount} may ask: ${questions.join("; ")}" >&2`,
  "exit 1",
];

/** On a router: the command that the account is bound to, and the right to ask FRR just that. Source: sudoers(5). */
export function verifyFiles(bgp: BgpPlan): HostFile[] {
  const questions = Object.values(routerQuestions(bgp));
  const rights = questions.map((question) => `${verifyAccount} ALL=(root) NOPASSWD: /usr/bin/vtysh -c ${question}`);
  return [rootFile(verifyCommand, script(questions), "0755"), rootFile("/etc/sudoers.d/60-verify", rights, "0440")];
}
