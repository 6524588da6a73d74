/** Registered resources as a tree that a person can read: what is made, below what, from which inputs. */
import type { Registered } from "./strict-mocks";

const secretKey = "4dabf18193072939515e22adb298388d";
const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

export function drawGraph(registered: readonly Registered[]): string {
  const lines = (parent: string | undefined, indent: string): string[] =>
    registered
      .filter((resource) => resource.parent === parent)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((resource) => [
        `${indent}${resource.name}  ${resource.type}${marks(resource)}`,
        ...Object.entries(resource.inputs)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => `${indent}    ${key}: ${show(value)}`),
        ...(resource.custom && resource.dependsOn.length > 0
          ? [`${indent}    (waits for ${resource.dependsOn.join(", ")})`]
          : []),
        ...lines(resource.name, `${indent}  `),
      ]);
  return `${lines(undefined, "").join("\n")}\n`;
}

/** The same tree without inputs, each resource with what it waits for: the order of a stack that is too long to read whole. */
export function drawOrder(registered: readonly Registered[]): string {
  const lines = (parent: string | undefined, indent: string): string[] =>
    registered
      .filter((resource) => resource.parent === parent)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((resource) => [
        `${indent}${resource.name}  ${resource.type}${marks(resource)}`,
        ...(resource.custom && resource.dependsOn.length > 0
          ? [`${indent}    after ${resource.dependsOn.join(", ")}`]
          : []),
        ...lines(resource.name, `${indent}  `),
      ]);
  return `${lines(undefined, "").join("\n")}\n`;
}

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
