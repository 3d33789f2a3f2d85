import { ADDRESS, hashOf, headersOf } from "./request";

/** A request that can be sent before the page that needs its answer is there. */
export interface EarlyRequest {
  readonly document: unknown;
  readonly variables: Readonly<Record<string, string>>;
}

interface Sent {
  readonly response: Promise<Response>;
  readonly controller: AbortController;
}

/** What was sent and nobody has taken yet. */
const sent = new Map<string, Sent>();

interface Body {
  readonly query?: string;
  readonly variables?: unknown;
  readonly extensions?: { readonly persistedQuery?: { readonly sha256Hash?: string } };
}

/** Two requests with the same key are for the same data; undefined for one that is sent with its text. */
function keyOf({ query, variables, extensions }: Body, authorization: string): string | undefined {
  return query ? undefined : JSON.stringify([extensions?.persistedQuery?.sha256Hash, variables, authorization]);
}

/** Send a request by the hash of its document while the code of its page is still on the way. */
export function sendEarly({ document, variables }: EarlyRequest, token: string): void {
  const body = { variables, extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(document) } } };
  const headers = headersOf(token);
  const controller = new AbortController();
  const response = fetch(ADDRESS, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
    signal: controller.signal,
  });
  response.catch(() => undefined); // who takes it says so
  const key = keyOf(body, headers["authorization"]!);
  if (key) sent.set(key, { response, controller });
}

/** As `fetch`, but takes the response of the same request if it was sent early; each one once. */
export const fetchOrTake: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  const key = keyOf(JSON.parse(String(init?.body)) as Body, headers.get("authorization") ?? "");
  const early = key ? sent.get(key) : undefined;
  if (!key || !early) return fetch(input, init);
  sent.delete(key);
  init?.signal?.addEventListener("abort", () => early.controller.abort());
  return early.response;
};
