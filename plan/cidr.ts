/**
 * Addresses, networks and ranges: a thin layer over `ip-num`, which accepts more spellings than a site file should hold.
 *
 * Everything that parses throws an `AddressError` whose message says what is wrong and, where it can, what was meant.
 */
import { IPv4, IPv4CidrRange } from "ip-num";
import type { AddressRange } from "./model";

/** A text that is not the address, network or range it should be. */
export class AddressError extends Error {}

/** Inclusive bounds as numbers: what comparisons and sorted sweeps work on. */
export interface Span {
  readonly first: bigint;
  readonly last: bigint;
}

/** Parses a dotted quad in its one canonical spelling. */
export function parseAddress(text: string): IPv4 {
  let address: IPv4;
  try {
    address = new IPv4(text);
  } catch {
    throw new AddressError("is not an IPv4 address");
  }
  if (address.toString() !== text) throw new AddressError(`is not canonical; write ${address.toString()}`);
  return address;
}

/** Parses a network whose address is its first one: `ip-num` itself takes 10.0.4.23/8. */
export function parseCidr(text: string): IPv4CidrRange {
  let range: IPv4CidrRange;
  try {
    range = IPv4CidrRange.fromCidr(text);
  } catch {
    throw new AddressError("is not a CIDR");
  }
  const aligned = cidrText(range);
  if (aligned !== text) throw new AddressError(`is not aligned; write ${aligned}`);
  return range;
}

/** Parses `first-last`, both inclusive, in ascending order. */
export function parseRange(text: string): AddressRange {
  const [first, last, ...rest] = text.split("-");
  if (first === undefined || last === undefined || rest.length > 0)
    throw new AddressError("is not a range; write first-last");
  if (parseAddress(first).isGreaterThan(parseAddress(last))) throw new AddressError("ends before it starts");
  return { first, last };
}

/** Bounds of an address, a CIDR or a range given as text. */
export function spanOf(text: string): Span {
  if (text.includes("/")) return spanOfCidr(parseCidr(text));
  if (text.includes("-")) return spanOfRange(parseRange(text));
  const value = parseAddress(text).getValue();
  return { first: value, last: value };
}

export function spanOfRange(range: AddressRange): Span {
  return { first: parseAddress(range.first).getValue(), last: parseAddress(range.last).getValue() };
}

export const overlaps = (a: Span, b: Span): boolean => a.first <= b.last && b.first <= a.last;

export const isInside = (inner: Span, outer: Span): boolean => outer.first <= inner.first && inner.last <= outer.last;

/** Number of addresses. */
export const sizeOf = (span: Span): number => Number(span.last - span.first) + 1;

export const addressText = (value: bigint): string => IPv4.fromNumber(value).toString();

/** The address at an offset from a network's first one: offset 10 of 172.21.10.0/24 is 172.21.10.10. */
export function addressAt(cidr: string, offset: number): string {
  const { first, last } = spanOf(cidr);
  const value = first + BigInt(offset);
  if (value > last) throw new AddressError(`has no address at offset ${offset}`);
  return addressText(value);
}

export const prefixLengthOf = (cidr: string): number => Number(parseCidr(cidr).getPrefix().getValue());

/** Every address of a range, ascending. */
export function addressesOf(range: AddressRange): string[] {
  const span = spanOfRange(range);
  return Array.from({ length: sizeOf(span) }, (_, offset) => addressText(span.first + BigInt(offset)));
}

/** The fewest networks that hold exactly an address, a CIDR or a range given as text. */
export function cidrsOf(text: string): string[] {
  const { first, last } = spanOf(text);
  const networks: string[] = [];
  for (let start = first; start <= last;) {
    let bits = 0n;
    // Twice as large for as long as it starts on its own boundary and ends inside.
    while (bits < 32n && start % (2n << bits) === 0n && start + (2n << bits) - 1n <= last) bits += 1n;
    networks.push(`${addressText(start)}/${32n - bits}`);
    start += 1n << bits;
  }
  return networks;
}

/** Name of an address's PTR record (RFC 1035 §3.5). */
export function reverseName(address: string): string {
  const octets = parseAddress(address).getOctets();
  return `${octets
    .reverse()
    .map((octet) => octet.getValue())
    .join(".")}.in-addr.arpa`;
}

function spanOfCidr(range: IPv4CidrRange): Span {
  return { first: range.getFirst().getValue(), last: range.getLast().getValue() };
}

const cidrText = (range: IPv4CidrRange): string =>
  `${range.getFirst().toString()}/${range.getPrefix().getValue().toString()}`;
