import { persistedExchange } from "@urql/exchange-persisted";
import { Client, fetchExchange, type TypedDocumentNode } from "urql";

/**
 * Deferred parts in the format of August 2022. Of the newest format urql drops the errors of a part that failed.
 */
const ACCEPT = "multipart/mixed; deferSpec=20220824, application/graphql-response+json, application/json";

/** The SHA-256 that the build gave to a document. */
function hashOf(document: unknown): string {
  return (document as { __meta__?: { hash?: string } }).__meta__?.hash ?? "";
}

/**
 * A client of the gateway that sends hashes of trusted documents; their texts only if the gateway asks for them.
 *
 * It has no cache: the gateway has one, and what a page showed about a child does not stay in the browser's memory.
 */
export function createClient(token: string): Client {
  return new Client({
    url: "/graphql",
    exchanges: [
      persistedExchange({
        generateHash: (_, document: TypedDocumentNode) => Promise.resolve(hashOf(document)),
        preferGetForPersistedQueries: false,
      }),
      fetchExchange,
    ],
    preferGetMethod: false,
    fetchOptions: { headers: { accept: ACCEPT, authorization: `Bearer ${token}` } },
  });
}
