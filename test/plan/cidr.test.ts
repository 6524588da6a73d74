import * as fc from "fast-check";
import {
  addressAt,
  AddressError,
  addressesOf,
  cidrsOf,
  isInside,
  overlaps,
  parseAddress,
  parseCidr,
  parseRange,
  prefixLengthOf,
  reverseName,
  sizeOf,
  spanOf,
} from "../../plan/cidr";

const address = fc.ipV4();
const cidr = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 0, max: 32 }))
  .map(([value, length]) => {
    const size = 2 ** (32 - length);
    const first = Math.floor(value / size) * size;
    return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join(".")}/${length}`;
  });

test("every canonical address and aligned network is accepted, and comes back as it went in", () => {
  fc.assert(fc.property(address, (text) => expect(parseAddress(text).toString()).toBe(text)));
  fc.assert(fc.property(cidr, (text) => expect(parseCidr(text).toCidrString()).toBe(text)));
});

test.each(["10.0.4.23/8", "10.0.0.0/33", "10.0.0.0", "10.0.0.0/08", "10.0.0/8", "::/0", "", "10.0.0.0/"])(
  "%p is no network",
  (text) => expect(() => parseCidr(text)).toThrow(AddressError),
);

test("a network that is not aligned is told what was meant", () => {
  expect(() => parseCidr("10.0.4.23/8")).toThrow("write 10.0.0.0/8");
});

test.each(["10.0.0.01", "10.0.0", "10.0.0.256", " 10.0.0.1", "0x0a.0.0.1", "localhost", ""])(
  "%p is no address",
  (text) => expect(() => parseAddress(text)).toThrow(AddressError),
);

test.each(["10.0.0.9-10.0.0.1", "10.0.0.1", "10.0.0.1-", "10.0.0.1-10.0.0.2-10.0.0.3"])("%p is no range", (text) =>
  expect(() => parseRange(text)).toThrow(AddressError),
);

test("a network's span begins at its address and holds 2^(32-length) addresses", () => {
  fc.assert(
    fc.property(cidr, (text) => {
      const [first = ""] = text.split("/");
      expect(spanOf(text).first).toBe(spanOf(first).first);
      expect(sizeOf(spanOf(text))).toBe(2 ** (32 - prefixLengthOf(text)));
    }),
  );
});

test("two networks overlap only where one is inside the other", () => {
  fc.assert(
    fc.property(cidr, cidr, (a, b) => {
      const nested = isInside(spanOf(a), spanOf(b)) || isInside(spanOf(b), spanOf(a));
      expect(overlaps(spanOf(a), spanOf(b))).toBe(nested);
    }),
  );
});

test("an offset leads to the address, and not beyond the network", () => {
  expect(addressAt("172.21.10.0/24", 10)).toBe("172.21.10.10");
  expect(() => addressAt("172.21.10.0/29", 10)).toThrow(AddressError);
});

test("a range's addresses are all of them, ascending", () => {
  expect(addressesOf({ first: "10.0.0.254", last: "10.0.1.1" })).toEqual([
    "10.0.0.254",
    "10.0.0.255",
    "10.0.1.0",
    "10.0.1.1",
  ]);
});

test("a range's networks hold all of it, nothing else, and no two of them could be one", () => {
  expect(cidrsOf("172.20.10.100-172.20.10.249")).toEqual([
    "172.20.10.100/30",
    "172.20.10.104/29",
    "172.20.10.112/28",
    "172.20.10.128/26",
    "172.20.10.192/27",
    "172.20.10.224/28",
    "172.20.10.240/29",
    "172.20.10.248/31",
  ]);
  expect(cidrsOf("192.0.2.1")).toEqual(["192.0.2.1/32"]);
  expect(cidrsOf("0.0.0.0-255.255.255.255")).toEqual(["0.0.0.0/0"]);
  fc.assert(
    fc.property(cidr, (text) => {
      expect(cidrsOf(text)).toEqual([text]);
    }),
  );
});

test("names of PTR records", () => {
  expect(reverseName("172.20.10.41")).toBe("41.10.20.172.in-addr.arpa");
});
