/** One scenario, again and again, on a lab of the region's hosts. Run by `npm run soak`. */
import * as fc from "fast-check";
import { lab, progress, startTestLab, stopTestLab } from "../support/lab";
import { vcenterSnapshot } from "../support/lab-snapshot";
import { keepEmptyVcenter } from "../e2e/scenarios/up";
import { outcomes, record, type SoakOrder } from "./journal";
import { soaks } from "./descriptions";
import { scenarios } from "./scenarios";

jest.setTimeout(900_000);

const order = JSON.parse(process.env.SOAK ?? "null") as SoakOrder | null;
if (order === null) throw new Error("call it by `npm run soak`");
const { scenario, count, seed, journal } = order;
const soak = soaks[scenario];

const hostsAlone = { "clusters.management.state": "planned", "clusters.workloads.state": "planned" };

/** The same numbers for the same seed and turn, whatever came before. */
function randomOf(number: number): () => number {
  const [numbers] = fc.sample(
    fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 8, maxLength: 8 }),
    { seed: seed + number, numRuns: 1 },
  );
  let next = 0;
  return () => numbers[next++ % numbers.length];
}

beforeAll(async () => {
  await startTestLab({ overlay: hostsAlone });
  keepEmptyVcenter(await vcenterSnapshot());
  if (soak.region === "up") await lab().pulumi(["up", "--yes", "--skip-preview", "--color", "never"]);
}, 1_800_000);

afterAll(() => stopTestLab(), 180_000);

const done = new Set(outcomes(journal).map(({ number }) => number));
const numbers = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !done.has(number));

test.each(numbers)(`${scenario}, time %d of ${count}`, async (number) => {
  try {
    const figures = await scenarios[scenario](randomOf(number));
    const beyond = Object.entries(soak.budgets).filter(([name, budget]) => figures[name] > budget);
    const failure = beyond.map(([name, budget]) => `${name} ${figures[name]} > ${budget}`).join(", ");
    record(journal, { number, figures, ...(failure === "" ? {} : { failure }) });
    progress.say(`${scenario} ${number}: ${JSON.stringify(figures)} ${failure}`);
    expect(failure).toBe("");
  } catch (error) {
    if (!outcomes(journal).some((each) => each.number === number)) {
      const reason = error instanceof Error ? error.message : String(error);
      record(journal, { number, figures: {}, failure: reason.split("\n").slice(0, 3).join(" ").slice(0, 300) });
    }
    throw error;
  }
});
