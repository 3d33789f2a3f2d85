// Runs documents with Apollo Client, and compares what the cache says with what the gateway sent.
import { difference, input, print, rememberingFetch } from "./common.mjs";
import { possibleTypes, typePolicies } from "./policies.mjs";

const { ApolloClient, HttpLink, InMemoryCache, gql } = await import(input.library);
const bodies = [];
const clients = {};
const clientOf = (token) =>
  (clients[token] ??= new ApolloClient({
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
    link: new HttpLink({
      uri: input.url,
      headers: { authorization: `Bearer ${token}` },
      fetch: rememberingFetch(bodies),
    }),
  }));

const results = {};
for (const job of input.jobs) {
  const options = { query: gql(job.document), variables: job.variables };
  const { data } = await clientOf(job.token).query({ ...options, fetchPolicy: "network-only", errorPolicy: "all" });
  const body = JSON.parse(await bodies.at(-1));
  results[job.name] = { sent: body.data, errors: body.errors ?? [], first: difference(body.data, data) };
}
// All documents of a viewer are in one cache now: none may have changed what another one says.
for (const job of input.jobs) {
  const { sent, errors, first } = results[job.name];
  const data = clientOf(job.token).readQuery({ query: gql(job.document), variables: job.variables });
  results[job.name] = { first, errors, later: data ? difference(sent, data) : "incomplete" };
}
print({ results });
