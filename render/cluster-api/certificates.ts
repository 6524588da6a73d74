/**
 * The certificates of Cluster API's webhooks, watched while they come. cert-manager may sign a request with a key that it has
 * just replaced ("CSR not signed by referenced private key", seen with 1.11.5 on a slow API server): it calls that a failure and
 * tries again after an hour, in which no provider starts. What holds it back is a field of the certificate's status.
 */
import { onCapi } from "../cluster/waiting";
import { quoteWord } from "../shell";

export interface CertificateWait {
  /** kubectl on the management plane, as shell words. */
  readonly kubectl: string;
  /** As long as a provider may take for its images. */
  readonly seconds: number;
  readonly interval: number;
}

const usual: CertificateWait = { kubectl: onCapi, seconds: 900, interval: 5 };

/** Ends once each namespace has a certificate and all of them are issued; until then those that failed are asked for again. */
export function awaitCertificates(
  namespaces: readonly string[],
  { kubectl, seconds, interval }: CertificateWait = usual,
): string {
  const kind = "certificates.v1.cert-manager.io";
  // A word for each in every case, since `read` below counts words.
  const state = [
    '{{range .items}}{{$issued := "Unknown"}}{{$last := ""}}',
    '{{with .status}}{{range .conditions}}{{if eq .type "Ready"}}{{$issued = .status}}{{end}}{{end}}',
    '{{if .lastFailureTime}}{{$last = " failed"}}{{end}}{{end}}',
    '{{.metadata.namespace}} {{.metadata.name}} {{$issued}}{{$last}}{{"\\n"}}{{end}}',
  ].join("");
  const again = JSON.stringify({ status: { lastFailureTime: null, failedIssuanceAttempts: null } });
  return [
    "set -eu",
    `cluster() { ${kubectl} --request-timeout=10s "$@"; }`,
    // One line for each that is not issued yet. A failed one is told in the log of `up`, and asked for again.
    "left() {",
    `  all=$(cluster get ${kind} --all-namespaces -o go-template=${quoteWord(state)} 2>&1) || { echo "$all"; return; }`,
    `  for namespace in ${namespaces.map(quoteWord).join(" ")}; do`,
    '    printf \'%s\\n\' "$all" | grep -q "^$namespace " || echo "$namespace: no certificate yet"',
    "  done",
    "  printf '%s\\n' \"$all\" | while read -r namespace name issued failed; do",
    '    [ -n "$name" ] && [ "$issued" != True ] || continue',
    '    echo "$namespace/$name: not issued yet${failed:+, its issuance failed}"',
    '    [ -n "$failed" ] || continue',
    '    echo "$namespace/$name: its issuance failed, and is asked for again" >&2',
    `    cluster --namespace "$namespace" patch ${kind} "$name" --subresource=status --type=merge --patch ${quoteWord(again)} >/dev/null || true`,
    "  done",
    "}",
    `deadline=$(($(date +%s) + ${seconds}))`,
    "while :; do",
    "  waiting=$(left)",
    '  [ -n "$waiting" ] || break',
    '  if [ "$(date +%s)" -ge "$deadline" ]; then',
    `    echo "after ${seconds} s not all webhooks of Cluster API have their certificates:" >&2; echo "$waiting" >&2`,
    "    exit 1",
    "  fi",
    `  sleep ${interval}`,
    "done",
  ].join("\n");
}
