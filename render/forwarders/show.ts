/** What a domain controller's DNS server has configured for a zone: read, and nothing changed. */
import { quoteWord } from "../shell";
import { powershellCommand, quoted } from "./powershell";

export type DnsServerKind = "windows" | "bind";

/** A command over SSH that prints the zone's type and where it leads, `Forwarder 172.21.10.10`; nothing where there is no such zone. */
export function showForwarder(kind: DnsServerKind, zone: string): string {
  switch (kind) {
    case "windows":
      return powershellCommand([
        `$zone = ${quoted(zone)}`,
        "$found = Get-DnsServerZone | Where-Object { $_.ZoneName -eq $zone }",
        'if ($found) { "$($found.ZoneType) $($found.MasterServers)" }',
      ]);
    case "bind": {
      // Printed by named's own reader: one word a line is safe to pick from, whatever the file looks like.
      const pick = `tolower($1) == "zone" { here = tolower($2) == "\\"" zone "\\"" } here && $1 == "type" { type = $2 } here && /^[ \\t]*[0-9.]+;$/ { addresses = addresses " " $1 } here && /^};/ { print type addresses; here = 0 }`;
      return `PATH=/usr/sbin:/usr/bin:/sbin:/bin; named-checkconf -p | awk -v zone=${quoteWord(zone.toLowerCase())} ${quoteWord(pick)}`;
    }
  }
}
