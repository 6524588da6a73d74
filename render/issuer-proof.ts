/**
 * The proof that API servers will believe the login. They read dex's discovery at their own time, say in their own logs what
 * is wrong with it, and serve on without anybody being able to log in: so it is looked at before there are clusters.
 */
import type { Site } from "../config/site";
import type { HostPlan, LoginPlan } from "../plan/model";
import { quoteWord } from "./shell";

/** A script for the account of `up` on auth, and what it reads from its standard input. */
export interface IssuerProof {
  readonly script: string;
  /** The CAs that API servers get for the issuer; none where they use public ones. */
  readonly stdin: string;
}

/** Seconds that auth may take to get its certificate, once it is there: an ACME server's validation and queue. */
const patienceSeconds = 300;

/** Where the site file says whom API servers trust for the issuer. */
function anchorPath({ trustAnchor, certificate }: Site["hosts"]["auth"]): string {
  if (trustAnchor === undefined && certificate.kind === "acme" && certificate.caCertificate !== undefined)
    return "hosts.auth.trustAnchor (now hosts.auth.certificate.caCertificate, its default)";
  return "hosts.auth.trustAnchor";
}

/**
 * Asks for the issuer's discovery on auth itself, where no firewall has a say, with the CAs of the API servers and no
 * others. Ends at once where they do not believe its certificate; waits for a certificate that is still being issued.
 */
export function proveIssuer(
  site: Site,
  login: LoginPlan,
  auth: HostPlan,
  patience: { readonly seconds: number; readonly interval: number } = { seconds: patienceSeconds, interval: 2 },
): IssuerProof {
  const { hostname, port: ownPort } = new URL(login.issuer);
  const port = ownPort === "" ? "443" : ownPort;
  const path = anchorPath(site.hosts.auth);
  // Without an empty folder curl would believe the machine's own CAs as well.
  const trust = login.trustAnchor === undefined ? "" : ' --cacert "$folder/anchors" --capath "$folder/none"';
  const trusted =
    login.trustAnchor === undefined
      ? ['  echo "public ones, as no CA is given"']
      : [
          '  openssl crl2pkcs7 -nocrl -certfile "$folder/anchors" | openssl pkcs7 -print_certs -noout | grep "^subject"',
        ];
  const script = [
    "set -eu",
    `issuer=${quoteWord(login.issuer)} host=${quoteWord(hostname)} port=${port} address=${quoteWord(auth.address)} path=${quoteWord(path)}`,
    "folder=$(mktemp -d)",
    `trap 'rm -rf "$folder"' EXIT`,
    'mkdir "$folder/none"',
    'cat >"$folder/anchors"',
    "discovery() {",
    "  curl --silent --show-error --fail --max-time 10 --noproxy '*' --resolve \"$host:$port:$address\"" +
      `${trust} "$issuer/.well-known/openid-configuration"`,
    "}",
    "shown() {",
    '  openssl s_client -connect "$address:$port" -servername "$host" </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -startdate -enddate',
    "}",
    "trusted() {",
    ...trusted,
    "}",
    `deadline=$(($(date +%s) + ${patience.seconds}))`,
    "while :; do",
    '  code=0; document=$(discovery 2>"$folder/said") || code=$?',
    '  [ "$code" -ne 0 ] || break',
    // CURLE_PEER_FAILED_VERIFICATION; the other codes may pass while auth gets its certificate.
    '  if [ "$code" -eq 60 ]; then',
    '    echo "$issuer: no API server would believe it, and nobody could log in. $(cat "$folder/said")" >&2',
    '    echo "The certificate that it shows:" >&2; shown >&2 || true',
    '    echo "The CAs that API servers are given for it:" >&2; trusted >&2',
    '    echo "Put the CA that issued the certificate into $path, or give auth a certificate of the CA that is there; then run up again." >&2',
    "    exit 1",
    "  fi",
    '  if [ "$(date +%s)" -ge "$deadline" ]; then',
    `    echo "$issuer has not answered for ${patience.seconds} s. $(cat "$folder/said")" >&2`,
    '    echo "auth says:" >&2; sudo -n journalctl --unit caddy.service --unit dex.service --lines 20 --no-pager --output cat >&2 || true',
    "    exit 1",
    "  fi",
    `  sleep ${patience.interval}`,
    "done",
    // API servers take the issuer at its word only.
    `if ! printf '%s' "$document" | tr -d ' \\n' | grep -qF "\\"issuer\\":\\"$issuer\\""; then`,
    '  echo "$issuer: what answers there is not it, so no API server would believe it:" >&2; printf \'%s\\n\' "$document" >&2',
    "  exit 1",
    "fi",
    'echo "$issuer answers, and its certificate is of a CA that API servers are given"',
  ].join("\n");
  return { script, stdin: login.trustAnchor ?? "" };
}
