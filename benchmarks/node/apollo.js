// Apollo Server, standalone, set up as in its documentation.
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { context, schema } from "./graph.js";

const server = new ApolloServer({ schema, introspection: false });
await startStandaloneServer(server, {
  listen: { port: Number(process.argv[2]), host: "127.0.0.1" },
  context: async () => context(),
});
