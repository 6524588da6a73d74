import { type Finding, holds, median } from "../../bench/finding";
import { report } from "../../bench/report";

const finding: Finding = {
  name: "start",
  what: "this, against that",
  unit: "ms",
  measured: 1200,
  against: 1000,
  limit: 1.2,
  runs: 3,
};
const machine = { processor: "One", cores: 2, memoryGiB: 24, node: "v20.0.0" };

test("the median of an even count lies between the middle ones, and nothing has none", () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 6])).toBe(5.5);
  expect(() => median([])).toThrow("no values");
});

test("a ratio at its limit holds, one above does not, and the report says which", () => {
  const slower = { ...finding, measured: 1201 };
  expect([holds(finding), holds(slower)]).toEqual([true, false]);
  const rows = report([finding, slower], machine, "2026-11-21").split("\n").slice(-3, -1);
  expect(rows).toEqual([
    "| this, against that | 1200 ms | 1000 ms | 1.20 | 1.2 | 3 | holds |",
    "| this, against that | 1201 ms | 1000 ms | 1.20 | 1.2 | 3 | **fails** |",
  ]);
});
