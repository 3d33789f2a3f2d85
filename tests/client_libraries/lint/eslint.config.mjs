// graphql-eslint on schema.graphql and on examples/queries: all recommended rules, and Relay's. Each exception says why.
import plugin from "@graphql-eslint/eslint-plugin";

const languageOptions = {
  parser: plugin.parser,
  parserOptions: { graphQLConfig: { schema: "schema.graphql", documents: "queries/*.graphql" } },
};
const plugins = { "@graphql-eslint": plugin };

export default [
  {
    files: ["schema.graphql"],
    languageOptions,
    plugins,
    rules: {
      ...plugin.configs["flat/schema-recommended"].rules,
      ...plugin.configs["flat/schema-relay"].rules,
      "@graphql-eslint/require-nullable-fields-with-oneof": "error",
      // Strawberry prints GraphQL's own directive, and the arguments of ours, without descriptions.
      "@graphql-eslint/require-description": [
        "error",
        {
          types: true,
          DirectiveDefinition: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
          ignoredSelectors: ["DirectiveDefinition[name.value=oneOf]", "DirectiveDefinition > InputValueDefinition"],
        },
      ],
      // Only what can be loaded again has an id. Records of vendors and computed values have none, and the policies of
      // `student-graph schema --type-policies` keep clients' caches from mixing them.
      "@graphql-eslint/strict-id-in-types": "off",
      // Names of fields are those of Ed-Fi's data standard, such as `schoolId` and `courseTitle`.
      "@graphql-eslint/no-typename-prefix": "off",
      // A connection has edges; other lists have their items, because they are never read in pages. Attendance events
      // are read in pages, but none can be loaded again: vendors do not number them.
      "@graphql-eslint/relay-edge-types": ["error", { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }],
      // Lists are read forward only: no vendor has the pages before a cursor.
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
    },
  },
  {
    files: ["queries/*.graphql"],
    languageOptions,
    plugins,
    rules: {
      ...plugin.configs["flat/operations-recommended"].rules,
      // As many levels as the gateway accepts (gateway/documents/limits.py).
      "@graphql-eslint/selection-set-depth": ["error", { maxDepth: 12 }],
    },
  },
];
