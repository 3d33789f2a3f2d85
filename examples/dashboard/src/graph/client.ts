import { persistedExchange } from "@urql/exchange-persisted";
import { Client, fetchExchange, type TypedDocumentNode } from "urql";

import { fetchOrTake } from "./early";
import { ADDRESS, hashOf, headersOf } from "./request";

/**
 * A client of the gateway that sends hashes of trusted documents; their texts only if the gateway asks for them.
 *
 * It has no cache: the gateway has one, and what a page showed about a child does not stay in the browser's memory.
 */
export function createClient(token: string): Client {
  return new Client({
    url: ADDRESS,
    exchanges: [
      persistedExchange({
        generateHash: (_, document: TypedDocumentNode) => Promise.resolve(hashOf(document)),
        preferGetForPersistedQueries: false,
      }),
      fetchExchange,
    ],
    preferGetMethod: false,
    fetch: fetchOrTake,
    fetchOptions: { headers: headersOf(token) },
  });
}
