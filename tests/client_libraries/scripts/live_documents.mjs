// The answers of a live document as graphql-sse reads them, until the gateway ends it.
import { createClient } from "graphql-sse";
import { input, print } from "./common.mjs";

const headers = { authorization: `Bearer ${input.token}` };
const client = createClient({ url: input.url, headers, retryAttempts: 0 });
const answers = [];
for await (const answer of client.iterate({ query: input.query })) {
  answers.push(answer.data);
  const { ok } = await fetch(input.purge, {
    method: "POST",
    headers: { ...headers, "content-type": "application/json" },
    body: JSON.stringify({ district: "hill", records: ["AttendanceEvent"] }),
  });
  if (!ok) throw new Error("the purge was refused");
}
print({ answers });
