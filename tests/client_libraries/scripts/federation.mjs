// Supergraphs of the student graph and a small library: each composed, and queried as one viewer.
import { getStitchedSchemaFromSupergraphSdl } from "@graphql-tools/federation";
import { composeServices } from "@theguild/federation-composition";
import { buildASTSchema, execute, parse, print as printDocument, validate } from "graphql";
import { input, print } from "./common.mjs";

const SUBGRAPH_FIELDS = `
scalar _Any
union _Entity = Student
extend type Query { _entities(representations: [_Any!]!): [_Entity]! }`;
const libraryUrl = "http://library.example/graphql";

/** A key without its type names, as text. */
const asKey = (value) =>
  JSON.stringify(value, (_, member) =>
    member === null || typeof member !== "object"
      ? member
      : Object.fromEntries(Object.entries(member).filter(([name]) => name !== "__typename").sort(([a], [b]) => (a < b ? -1 : 1))),
  );

/** Compose the student graph with a library, and execute queries; `students` is the text of our subgraph. */
async function supergraph({ students, library: typeDefs, loans, queries }) {
  const librarySchema = buildASTSchema(parse(typeDefs + SUBGRAPH_FIELDS), { assumeValidSDL: true });
  const library = {
    overdueLoans: loans,
    _entities: ({ representations }) =>
      representations.map((one) => ({ ...one, loans: loans.filter((loan) => asKey(loan.student) === asKey(one)) })),
  };
  const asked = [];
  const executors = {
    library: ({ document, variables }) =>
      execute({ schema: librarySchema, document, rootValue: library, variableValues: variables }),
    async students({ document, variables }) {
      const query = printDocument(document);
      asked.push({ query, representations: variables?.representations ?? [] });
      const response = await fetch(input.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: `Bearer ${input.token}` },
        body: JSON.stringify({ query, variables }),
      });
      return response.json();
    },
  };

  const composed = composeServices([
    { name: "students", url: input.url, typeDefs: parse(students) },
    { name: "library", url: libraryUrl, typeDefs: parse(typeDefs) },
  ]);
  const compositionErrors = (composed.errors ?? []).map((error) => error.message);
  const results = [];
  if (compositionErrors.length === 0) {
    const schema = getStitchedSchemaFromSupergraphSdl({
      supergraphSdl: composed.supergraphSdl,
      batch: true,
      onSubschemaConfig(config) {
        config.executor = config.endpoint === libraryUrl ? executors.library : executors.students;
      },
    });
    for (const { query, variables } of queries) {
      const document = parse(query);
      const invalid = validate(schema, document);
      results.push(
        invalid.length ? { errors: invalid } : await execute({ schema, document, variableValues: variables }),
      );
    }
  }
  return { compositionErrors, results, asked };
}

const outputs = {};
for (const [name, supergraphInput] of Object.entries(input.supergraphs)) outputs[name] = await supergraph(supergraphInput);
print(outputs);
