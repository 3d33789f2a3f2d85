// What graphql-inspector says of documents, and of the changes between two schemas.
import { diff, validate } from "@graphql-inspector/core";
import { Source, buildSchema } from "graphql";
import { input, print } from "./common.mjs";

const sources = input.documents.map(({ name, text }) => new Source(text, name));
const invalid = input.schema
  ? validate(buildSchema(input.schema), sources, { strictFragments: true, strictDeprecated: true })
  : [];
const changes = [];
for (const { before, after } of input.pairs) {
  const found = await diff(buildSchema(before), buildSchema(after));
  changes.push(found.map((change) => ({ severity: change.criticality.level, path: change.path, message: change.message })));
}
print({
  invalid: invalid.map(({ source, errors, deprecated }) => ({
    name: source.name,
    messages: [...errors, ...deprecated].map((error) => error.message),
  })),
  changes,
});
