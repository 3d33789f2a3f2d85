"""Tests of the executor, most of them in comparison with graphql-core."""
