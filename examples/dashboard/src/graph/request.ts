/**
 * Deferred parts in the format of August 2022. Of the newest format urql drops the errors of a part that failed.
 */
const ACCEPT = "multipart/mixed; deferSpec=20220824, application/graphql-response+json, application/json";

/** The address of the graph. */
export const ADDRESS = "/graphql";

/** The headers of each request. */
export function headersOf(token: string): Record<string, string> {
  return { accept: ACCEPT, authorization: `Bearer ${token}`, "content-type": "application/json" };
}

/** The SHA-256 that the build gave to a document. */
export function hashOf(document: unknown): string {
  return (document as { __meta__?: { hash?: string } }).__meta__?.hash ?? "";
}
