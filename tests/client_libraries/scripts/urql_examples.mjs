// Runs documents with urql and Graphcache, and compares what the cache says with what the gateway sent.
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { difference, input, print, rememberingFetch } from "./common.mjs";
import { keys, resolvers } from "./policies.mjs";

const bodies = [];
const clients = {};
const clientOf = (token) =>
  (clients[token] ??= new Client({
    url: input.url,
    preferGetMethod: false,
    exchanges: [cacheExchange({ keys, resolvers }), fetchExchange],
    fetch: rememberingFetch(bodies),
    fetchOptions: { headers: { authorization: `Bearer ${token}` } },
  }));
const ask = (job, requestPolicy) =>
  clientOf(job.token).query(job.document, job.variables, { requestPolicy }).toPromise();

const results = {};
for (const job of input.jobs) {
  const result = await ask(job, "network-only");
  const { data, errors } = JSON.parse(await bodies.at(-1));
  results[job.name] = { sent: data, errors: errors ?? [], first: difference(data, result.data) };
}
// All documents of a viewer are in one cache now: none may have changed what another one says.
for (const job of input.jobs) {
  const { sent, errors, first } = results[job.name];
  const { data } = await ask(job, "cache-only");
  results[job.name] = { first, errors, later: data ? difference(sent, data) : "incomplete" };
}
print({ results });
