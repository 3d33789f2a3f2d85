// What each client shows at last of documents whose deferred parts fail.
import { ApolloClient, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { Defer20220824Handler, GraphQL17Alpha9Handler } from "@apollo/client/incremental";
import * as apollo3 from "@apollo/client-3/core/index.js";
import { Client, fetchExchange } from "@urql/core";
import { input, print, rememberingFetch } from "./common.mjs";

const headers = { authorization: `Bearer ${input.token}` };
const codes = (errors) => (errors ?? []).map((error) => error.extensions?.code);

async function lastOfUrql(query) {
  const urql = new Client({ url: input.url, preferGetMethod: false, exchanges: [fetchExchange], fetchOptions: { headers } });
  return new Promise((resolve) => {
    urql.query(query, {}).subscribe(({ data, error, hasNext }) => {
      if (!hasNext) resolve({ data, codes: codes(error?.graphQLErrors) });
    });
  });
}

/** The last result before the response ended: a client of Apollo says when it is done, or the body does. */
async function lastOfApollo(library, handler, query) {
  const bodies = [];
  const client = new library.ApolloClient({
    cache: new library.InMemoryCache(),
    link: new library.HttpLink({ uri: input.url, headers, fetch: rememberingFetch(bodies) }),
    ...(handler && { incrementalHandler: new handler() }),
  });
  let last = { codes: [] };
  client.watchQuery({ query: gql(query), errorPolicy: "all" }).subscribe(({ data, error, errors }) => {
    if (data || error || errors) last = { data, codes: codes(errors ?? error?.errors ?? error?.graphQLErrors) };
  });
  while (bodies.length === 0) await new Promise(setImmediate);
  await bodies[0];
  for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
  client.stop();
  return last;
}

const results = {};
for (const [name, query] of Object.entries(input.documents)) {
  results[name] = {
    urql: await lastOfUrql(query),
    "apollo-4": await lastOfApollo({ ApolloClient, HttpLink, InMemoryCache }, GraphQL17Alpha9Handler, query),
    "apollo-4-2022": await lastOfApollo({ ApolloClient, HttpLink, InMemoryCache }, Defer20220824Handler, query),
    "apollo-3": await lastOfApollo(apollo3, null, query),
  };
}
print({ results });
