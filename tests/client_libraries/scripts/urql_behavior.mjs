// What urql and Graphcache do with deferred parts, persisted queries, pages, and objects without id.
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { persistedExchange } from "@urql/exchange-persisted";
import { difference, input, print, rememberingFetch, replayingFetch } from "./common.mjs";
import { keys, resolvers } from "./policies.mjs";

const client = (fetch, ...exchanges) =>
  new Client({
    url: input.url,
    preferGetMethod: false,
    exchanges: [cacheExchange({ keys, resolvers }), ...exchanges, fetchExchange],
    fetch,
    fetchOptions: { headers: { authorization: `Bearer ${input.token}` } },
  });
const ask = async (urql, { query, variables }, requestPolicy = "network-only") =>
  (await urql.query(query, variables, { requestPolicy }).toPromise()).data ?? null;

/** The results of a query with deferred parts, as a page would show them one after the other, until nothing is missing. */
function shown({ query, variables }, whole) {
  return new Promise((resolve, reject) => {
    const results = [];
    client(rememberingFetch([])).query(query, variables).subscribe(({ data, error }) => {
      if (error) reject(error);
      results.push(data);
      if (difference(whole, data) === null) resolve(results);
    });
  });
}

const whole = await ask(client(rememberingFetch([])), input.undeferred);
const deferred = { urql: await shown(input.deferred, whole) };

const bodies = [];
const persisted = client(rememberingFetch(bodies), persistedExchange({ preferGetForPersistedQueries: false, enableForMutation: false }));
const answers = [await ask(persisted, input.persisted), await ask(persisted, input.persisted)];

const pages = client(rememberingFetch([]));
const first = await ask(pages, input.firstPage);
const after = first.students.pageInfo.endCursor;
await ask(pages, { ...input.firstPage, variables: { ...input.firstPage.variables, after } });
const joined = await ask(pages, input.firstPage, "cache-only");

const replayed = client(replayingFetch(input.replaced.map((step) => step.data)));
for (const step of input.replaced) await ask(replayed, step);
const kept = [];
for (const query of input.reads) kept.push((await ask(replayed, { query, variables: {} }, "cache-only"))?.student);

const namesakes = client(replayingFetch(input.aliased.map((step) => step.data)));
for (const step of input.aliased) await ask(namesakes, step);
const lastNames = [];
for (const step of input.aliased) lastNames.push((await ask(namesakes, step, "cache-only"))?.student.name.lastName);

print({ lastNames, deferred, answers, sent: bodies.length, joined: joined.students.edges, kept });
