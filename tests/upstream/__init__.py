"""The tests of graphql-core, run with the gateway's executors: `make upstream`."""
