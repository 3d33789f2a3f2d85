"""The service over HTTP: GraphQL requests in, responses out, and the routes beside them."""
