const DEGRADED_MESSAGES = {
  DEADLINE: "The time for the operation ran out before this came.",
  RATE_LIMITED: "The source accepts no more requests for now.",
  SOURCE_AUTH: "The source refused the gateway's credentials.",
  SOURCE_BAD_RESPONSE: "The source sent something that cannot be read.",
  SOURCE_FORBIDDEN: "The gateway's account at the source may not read this.",
  SOURCE_SCHEMA: "The source sent a record with missing or wrong fields.",
  SOURCE_UNAVAILABLE: "The source did not answer.",
};

/**
 * What is missing in a response, grouped by reason: `{kind, code, source, retryable, message, places}`.
 *
 * The kind is `absent` for a value that an error stands for, and `degraded` for a list without the part of one source.
 * A place is `{path}` of the response, or `{location}` of the query for an error of the document.
 */
export function gapsOf({ errors, extensions }) {
  const groups = new Map();
  const add = (gap, places) => {
    const key = JSON.stringify(gap);
    const group = groups.get(key) ?? { ...gap, places: [] };
    group.places.push(...places);
    groups.set(key, group);
  };
  for (const { message, path, locations, extensions: { code, source, retryable } = {} } of listOf(errors)) {
    const places = path ? [{ path }] : listOf(locations).map((location) => ({ location }));
    add({ kind: "absent", code, source, retryable: Boolean(retryable), message }, places);
  }
  for (const { path, source, code, retryable } of listOf(extensions?.degraded)) {
    const message = DEGRADED_MESSAGES[code] ?? "A part of this list is missing.";
    add({ kind: "degraded", code, source, retryable: Boolean(retryable), message }, [{ path }]);
  }
  return [...groups.values()];
}

/** The number of values and lists with a gap. */
export function countGaps(gaps) {
  return gaps.reduce((count, { places }) => count + Math.max(places.length, 1), 0);
}

/** A list of the response; empty if it is missing, or something else. */
export function listOf(value) {
  return Array.isArray(value) ? value : [];
}
