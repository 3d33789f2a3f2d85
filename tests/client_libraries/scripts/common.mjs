// What the scripts of all clients share: their input, what a client complains about, and how results are compared.
import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

export const input = JSON.parse(readFileSync(process.argv[2], "utf8"));
export const complaints = [];
for (const method of ["warn", "error"]) {
  console[method] = (...parts) => complaints.push(parts.map(String).join(" ").slice(0, 500));
}

/** A `fetch` that remembers the bodies of its responses, as the gateway sent them. */
export function rememberingFetch(bodies) {
  return async (url, options) => {
    const response = await fetch(url, options);
    bodies.push(response.clone().text());
    return response;
  };
}

/** A `fetch` that answers with these results, one after the other. */
export function replayingFetch(results) {
  const left = [...results];
  return async () => Response.json({ data: left.shift() });
}

/** Where two results differ first, as a path; null if they do not. Names of types are not compared. */
export const difference = (expected, actual) => firstDifference(withoutTypes(expected), withoutTypes(actual), "");

function firstDifference(expected, actual, path) {
  if (isDeepStrictEqual(expected, actual)) return null;
  const isObject = (value) => typeof value === "object" && value !== null;
  if (!isObject(expected) || !isObject(actual)) return `${path}: ${JSON.stringify(expected)} is ${JSON.stringify(actual)}`;
  for (const key of new Set([...Object.keys(expected), ...Object.keys(actual)])) {
    const found = firstDifference(expected[key], actual[key], `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

/** A copy without the names of types, which some clients take out of results, and without a client's prototypes. */
const withoutTypes = (value) => JSON.parse(JSON.stringify(value ?? null), (key, item) => (key === "__typename" ? undefined : item));

export function print(result) {
  process.stdout.write(JSON.stringify({ ...result, complaints }));
}
