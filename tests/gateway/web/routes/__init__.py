"""Tests of the routes beside `/graphql`."""
