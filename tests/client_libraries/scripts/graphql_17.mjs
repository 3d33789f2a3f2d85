// The parts that graphql-js 17 itself makes of documents with @defer.
import { buildSchema, experimentalExecuteIncrementally, parse } from "graphql-17";
import { input, print } from "./common.mjs";

const schema = buildSchema(`
  directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
  type Child { number: Int! slow: String down: String broken: String! }
  type Query { child: Child! }
`);
const fail = async () => {
  throw new Error("no answer in time");
};
const rootValue = { child: { number: 1, slow: async () => "slow 1", down: fail, broken: fail } };

const results = [];
for (const text of input.documents) {
  const result = await experimentalExecuteIncrementally({ schema, document: parse(text), rootValue });
  const parts = [result.initialResult];
  for await (const part of result.subsequentResults) parts.push(part);
  results.push(JSON.parse(JSON.stringify(parts)));
}
print({ results });
