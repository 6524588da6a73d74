/**
 * Windows' DNS server, by its own cmdlets (module DnsServer). A conditional forwarder has no field for a note, so whose it is
 * shows in where it leads: a cluster's `.10` belongs to that cluster by the address plan, and nobody else has a reason to
 * forward to it. What leads elsewhere is somebody else's.
 */
import type { ForwarderPlan, RecordPlan } from "../../plan/model";
import { nameServer } from "../cluster-dns/corefile";
import type { Backend, ReplicationScope, Setting } from "./backend";
import { delegationNames, foreignRemedy, possibleZones, probeSeconds, replicationSeconds } from "./backend";
import { powershellCommand, quoted } from "./powershell";

export const windows: Backend = {
  forwardersPerServer: (scope) => scope === "server",
  probe: ({ zone, address }) => powershellCommand(waitForAnswer(zone, address, probeSeconds)),
  answers: ({ zone }) => powershellCommand(waitForAnswer(zone, "127.0.0.1", replicationSeconds)),
  forwarder,
  delegation,
  record,
};

/** `$found`: the zone of that name, or nothing. Listed, since asking for one that is not there is an error like any other. */
const findZone = (zone: string): string[] => [
  `$zone = ${quoted(zone)}`,
  "$found = Get-DnsServerZone | Where-Object { $_.ZoneName -eq $zone }",
];

function forwarder({ zone, address }: ForwarderPlan, scope: ReplicationScope): Setting {
  const inDirectory = scope !== "server";
  const add = `Add-DnsServerConditionalForwarderZone -Name $zone -MasterServers $masters`;
  const stored = inDirectory ? "$found.IsDsIntegrated" : "-not $found.IsDsIntegrated";
  const find = [...findZone(zone), `$masters = ${quoted(address)}`];
  const ours = `$found.ZoneType -eq 'Forwarder' -and "$($found.MasterServers)" -eq $masters`;
  const remedy = foreignRemedy(`Remove-DnsServerZone -Name ${zone}`);
  return {
    create: powershellCommand([
      ...find,
      `if ($found -and -not (${ours})) {`,
      `throw "$zone is in DNS already: $($found.ZoneType) zone, masters '$($found.MasterServers)' instead of '$masters'. ${remedy}"`,
      "}",
      // Only one of both can exist; a zone does not move between the directory and the registry.
      `if ($found -and -not (${stored})) {`,
      "Remove-DnsServerZone -Name $zone -Force",
      "$found = $null",
      "}",
      "if (-not $found) {",
      inDirectory ? `${add} -ReplicationScope ${quoted(scope)}` : add,
      ...(inDirectory
        ? [
            `} elseif ($found.ReplicationScope -ne ${quoted(scope)}) {`,
            `Set-DnsServerConditionalForwarderZone -Name $zone -ReplicationScope ${quoted(scope)}`,
          ]
        : []),
      "}",
      "$found = Get-DnsServerZone | Where-Object { $_.ZoneName -eq $zone }",
      `if (-not (${ours} -and ${stored}${inDirectory ? ` -and $found.ReplicationScope -eq ${quoted(scope)}` : ""})) {`,
      `throw "$zone was entered, but DNS now has: $($found.ZoneType), masters '$($found.MasterServers)', scope $($found.ReplicationScope)"`,
      "}",
      '"$zone is forwarded to $masters"',
    ]),
    delete: powershellCommand([
      ...find,
      `if ($found -and ${ours} -and ${stored}) {`,
      "Remove-DnsServerZone -Name $zone -Force",
      '"$zone is forwarded no more"',
      "} elseif ($found) {",
      `"left alone: $zone leads to '$($found.MasterServers)' by now, not to '$masters' as this stack had set it"`,
      "}",
    ]),
  };
}

function delegation(plan: ForwarderPlan & { readonly delegationFrom: string }): Setting {
  const { server, child, glue } = delegationNames(plan);
  const where = `-ZoneName $parent -Name ${quoted(glue)} -Node -RRType A`;
  const find = [
    `$parent = ${quoted(plan.delegationFrom)}`,
    `$child = ${quoted(child)}`,
    `$server = ${quoted(server)}`,
    `$address = ${quoted(plan.address)}`,
    "$holder = Get-DnsServerZone | Where-Object { $_.ZoneName -eq $parent -and $_.ZoneType -eq 'Primary' }",
    `if (-not $holder) { throw "$parent is no primary zone of this server: correct activeDirectory.dns.authoritativeZones" }`,
    "$servers = @(Get-DnsServerResourceRecord -ZoneName $parent -RRType NS | Where-Object { $_.HostName -eq $child } | ForEach-Object { $_.RecordData.NameServer.TrimEnd('.') })",
    // The record may be absent, which is an error to this cmdlet; whatever else is wrong shows when it is entered.
    `$glue = @(Get-DnsServerResourceRecord ${where} -ErrorAction SilentlyContinue | ForEach-Object { "$($_.RecordData.IPv4Address)" })`,
  ];
  const remove = "Remove-DnsServerZoneDelegation -Name $parent -ChildZoneName $child -Force";
  const remedy = foreignRemedy("Remove-DnsServerZoneDelegation");
  return {
    create: powershellCommand([
      ...find,
      `if ($servers.Count -gt 0 -and "$servers" -ne $server) {`,
      `throw "$child is delegated from $parent already, to '$servers' instead of '$server'. ${remedy}"`,
      "}",
      `if ($servers.Count -eq 0 -or "$glue" -ne $address) {`,
      `if ($servers.Count -gt 0) { ${remove} }`,
      "Add-DnsServerZoneDelegation -Name $parent -ChildZoneName $child -NameServer $server -IPAddress $address",
      "}",
      '"$child is delegated from $parent to $server"',
    ]),
    delete: powershellCommand([
      ...find,
      `if ("$servers" -eq $server) {`,
      remove,
      // Windows may keep the name server's address where others could use it; under this zone nobody can.
      `$left = Get-DnsServerResourceRecord ${where} -ErrorAction SilentlyContinue`,
      `if ($left) { Remove-DnsServerResourceRecord -ZoneName $parent -Name ${quoted(glue)} -RRType A -RecordData $address -Force }`,
      '"$child is delegated no more"',
      "} elseif ($servers.Count -gt 0) {",
      `"left alone: $child is delegated to '$servers' by now, not to '$server' as this stack had set it"`,
      "}",
    ]),
  };
}

function record({ name, type, value }: RecordPlan): Setting {
  const data = type === "A" ? '"$($_.RecordData.IPv4Address)"' : "$_.RecordData.PtrDomainName.TrimEnd('.')";
  const find = [
    `$name = ${quoted(name)}`,
    `$value = ${quoted(value)}`,
    "$zones = @(Get-DnsServerZone | Where-Object { $_.ZoneType -eq 'Primary' } | ForEach-Object { $_.ZoneName })",
    "$zone = $null",
    `foreach ($candidate in ${possibleZones(name).map(quoted).join(", ")}) {`,
    "if (-not $zone -and $zones -contains $candidate) { $zone = $candidate }",
    "}",
    `if (-not $zone) { throw "no primary zone of this server holds ${name}: make one, or set activeDirectory.dns.records to false" }`,
    "$label = $name.Substring(0, $name.Length - $zone.Length - 1)",
    `$found = @(Get-DnsServerResourceRecord -ZoneName $zone -Name $label -Node -RRType ${type} -ErrorAction SilentlyContinue | ForEach-Object { ${data} })`,
  ];
  const add =
    type === "A"
      ? "Add-DnsServerResourceRecordA -ZoneName $zone -Name $label -IPv4Address $value"
      : "Add-DnsServerResourceRecordPtr -ZoneName $zone -Name $label -PtrDomainName $value";
  return {
    create: powershellCommand([
      ...find,
      `if ($found.Count -gt 0 -and "$found" -ne $value) {`,
      `throw "$name has ${type} '$found' already, instead of '$value': remove it, or correct the site file, then run up again"`,
      "}",
      `if ($found.Count -eq 0) { ${add} }`,
      `"$name ${type} $value"`,
    ]),
    delete: powershellCommand([
      ...find,
      `if ("$found" -eq $value) {`,
      `Remove-DnsServerResourceRecord -ZoneName $zone -Name $label -RRType ${type} -RecordData $value -Force`,
      "} elseif ($found.Count -gt 0) {",
      `"left alone: $name has ${type} '$found' by now, not '$value' as this stack had set it"`,
      "}",
    ]),
  };
}

/** Asks until the zone's own name server answers; the last failure is the one that is told. */
function waitForAnswer(zone: string, server: string, seconds: number): string[] {
  return [
    `$zone = ${quoted(zone)}`,
    `$server = ${quoted(server)}`,
    `$expected = ${quoted(nameServer(zone))}`,
    `$deadline = (Get-Date).AddSeconds(${seconds})`,
    "while ($true) {",
    "try {",
    "$names = @(Resolve-DnsName -Name $zone -Type SOA -Server $server -DnsOnly | Where-Object { $_.Type -eq 'SOA' } | ForEach-Object { $_.PrimaryServer })",
    'if ("$names" -eq $expected) { break }',
    `throw "its name server is '$names' instead of '$expected': another server answers there"`,
    "} catch {",
    `if ((Get-Date) -gt $deadline) { throw "asked $server for $zone for ${seconds} s: $($_.Exception.Message)" }`,
    "}",
    "Start-Sleep -Seconds 2",
    "}",
    '"$server answers for $zone"',
  ];
}
