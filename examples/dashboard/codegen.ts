import type { CodegenConfig } from "@graphql-codegen/cli";

const scalars = { Date: "string", DateTime: "string", Time: "string", ID: "string" };

/** Types and documents from the fragments beside the components, and the manifest of trusted documents. */
const config: CodegenConfig = {
  schema: ["../../schema.graphql", "./defer.graphql"],
  documents: ["src/**/*.tsx"],
  generates: {
    "./src/gql/": {
      preset: "client",
      presetConfig: {
        fragmentMasking: { unmaskFunctionName: "readFragment" },
        // The gateway takes this file as `documents.manifest`: an object from SHA-256 to the text of a document.
        persistedDocuments: { hashAlgorithm: "sha256", mode: "embedHashInDocument" },
      },
      config: { scalars, enumsAsTypes: true, useTypeImports: true, defaultScalarType: "unknown" },
    },
  },
};

export default config;
