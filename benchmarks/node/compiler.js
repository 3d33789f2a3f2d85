// Parses, validates and compiles each document once with graphql-jit.
import { parse, validate } from "graphql";
import { compileQuery } from "graphql-jit";

/** Returns a function from the text of a document to its compiled plan; it throws the first error. */
export const compiler = (schema) => {
  const compiled = new Map();
  return (query) => {
    let plan = compiled.get(query);
    if (!plan) {
      const document = parse(query);
      const errors = validate(schema, document);
      if (errors.length) throw errors[0];
      plan = compileQuery(schema, document, undefined, { customJSONSerializer: true });
      if (!("query" in plan)) throw plan.errors[0];
      compiled.set(query, plan);
    }
    return plan;
  };
};
