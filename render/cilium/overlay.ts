/** Plain data, as Helm values are: nested objects, lists, texts, numbers, truth values. */
export type Values = Readonly<Record<string, unknown>>;

const isValues = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Lays one set of Helm values over another as Helm itself does: objects are merged, anything else is replaced. */
export function overlayValues(below: Values, above: Values): Values {
  const merged: Record<string, unknown> = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const old = below[key];
    merged[key] = isValues(old) && isValues(value) ? overlayValues(old, value) : value;
  }
  return merged;
}
