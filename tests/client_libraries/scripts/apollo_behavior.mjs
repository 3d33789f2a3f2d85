// What Apollo Client does with deferred parts, persisted queries, pages, and objects without id.
import { createHash } from "node:crypto";
import { difference, input, print, rememberingFetch, replayingFetch } from "./common.mjs";
import { possibleTypes, typePolicies } from "./policies.mjs";

const { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } = await import(input.library);
const { createPersistedQueryLink, PersistedQueryLink } = await import(input.persistedLibrary);
const incremental = input.incrementalLibrary ? await import(input.incrementalLibrary) : {};

const client = (fetch, handler, ...links) =>
  new ApolloClient({
    cache: new InMemoryCache({ possibleTypes, typePolicies }),
    link: ApolloLink.from([
      ...links,
      new HttpLink({ uri: input.url, headers: { authorization: `Bearer ${input.token}` }, fetch }),
    ]),
    ...(handler && { incrementalHandler: new handler() }),
  });
const ask = async (apollo, { query, variables }) =>
  (await apollo.query({ query: gql(query), variables, fetchPolicy: "network-only" })).data;

/** The results of a query with deferred parts, as a page would show them one after the other, until nothing is missing. */
function shown(handler, { query, variables }, whole) {
  return new Promise((resolve, reject) => {
    const results = [];
    client(rememberingFetch([]), handler)
      .watchQuery({ query: gql(query), variables, errorPolicy: "all" })
      .subscribe({
        next: ({ data }) => {
          if (!data) return;
          results.push(data);
          if (difference(whole, data) === null) resolve(results);
        },
        error: reject,
      });
  });
}

const whole = await ask(client(rememberingFetch([])), input.undeferred);
const deferred = {};
for (const name of input.handlers) {
  deferred[name] = await shown(incremental[name], input.deferred, whole);
}

const bodies = [];
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const link = PersistedQueryLink ? new PersistedQueryLink({ sha256 }) : createPersistedQueryLink({ sha256 });
const persisted = client(rememberingFetch(bodies), null, link);
const answers = [await ask(persisted, input.persisted), await ask(persisted, input.persisted)];

const pages = client(rememberingFetch([]));
const watched = pages.watchQuery({ query: gql(input.firstPage.query), variables: input.firstPage.variables });
const subscription = watched.subscribe(() => {});
const first = await watched.refetch();
await watched.fetchMore({ variables: { after: first.data.students.pageInfo.endCursor } });
subscription.unsubscribe();
const joined = pages.readQuery({ query: gql(input.firstPage.query), variables: input.firstPage.variables });

const replayed = client(replayingFetch(input.replaced.map((step) => step.data)));
for (const step of input.replaced) await ask(replayed, step);
const kept = input.reads.map((query) => replayed.readQuery({ query: gql(query) })?.student);

const namesakes = client(replayingFetch(input.aliased.map((step) => step.data)));
for (const step of input.aliased) await ask(namesakes, step);
const lastNames = input.aliased.map(({ query }) => namesakes.readQuery({ query: gql(query) })?.student.name.lastName);

print({ lastNames, deferred, answers, sent: bodies.length, joined: joined.students.edges, kept });
pages.stop();
