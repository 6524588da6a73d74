/** Registered resources as a tree that a person can read: what is made, below what, from which inputs. */
import type { Registered } from "./strict-mocks";

const secretKey = "4dabf18193072939515e22adb298388d";
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export const drawGraph = (registered: readonly Registered[]): string =>
  drawTree(registered, (resource) => [
    ...Object.entries(resource.inputs)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `  ${key}: ${show(value)}`),
    ...waits(resource, (others) => `  (waits for ${others})`),
  ]);

/** The same tree without inputs, each resource with what it waits for: the order of a stack that is too long to read whole. */
export const drawOrder = (registered: readonly Registered[]): string =>
  drawTree(registered, (resource) => waits(resource, (others) => `  after ${others}`));

/** Each resource below its parent, by name, with the lines that are told of it. */
function drawTree(registered: readonly Registered[], tell: (resource: Registered) => readonly string[]): string {
  const lines = (parent: string | undefined, indent: string): string[] =>
    registered
      .filter((resource) => resource.parent === parent)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((resource) => [
        `${indent}${resource.name}  ${resource.type}${marks(resource)}`,
        ...tell(resource).map((line) => `${indent}  ${line}`),
        ...lines(resource.name, `${indent}  `),
      ]);
  return `${lines(undefined, "").join("\n")}\n`;
}

const waits = ({ custom, dependsOn }: Registered, line: (others: string) => string): string[] =>
  custom && dependsOn.length > 0 ? [line(dependsOn.join(", "))] : [];

function marks(resource: Registered): string {
  const words = [
    ...(resource.protect ? ["protected"] : []),
    ...(resource.deleteBeforeReplace ? ["old one first"] : []),
    ...resource.replaceOnChanges.map((key) => `replaced with ${key}`),
  ];
  return words.length === 0 ? "" : `  [${words.join(", ")}]`;
}

function show(value: unknown): string {
  if (typeof value === "object" && value !== null && secretKey in value) return "[secret]";
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([key, child]) => `${key}: ${show(child)}`)
      .join(", ")}}`;
  }
  return value === unknownValue ? "(unknown)" : JSON.stringify(value);
}
