// Typed documents for TypeScript: run `graphql-codegen --config codegen.mjs` beside schema.graphql and queries.
export default {
  schema: "schema.graphql",
  documents: ["queries/*.graphql"],
  importExtension: ".js",
  generates: {
    "src/graph/": {
      preset: "client",
      config: {
        // A value of a scalar is text, as the gateway sends it.
        scalars: { Date: "string", DateTime: "string", Time: "string" },
        strictScalars: true,
        enumsAsTypes: true,
        useTypeImports: true,
      },
      presetConfig: { fragmentMasking: false, persistedDocuments: true },
    },
  },
};
