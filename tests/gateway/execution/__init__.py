"""The executor, held to graphql-core's own."""
