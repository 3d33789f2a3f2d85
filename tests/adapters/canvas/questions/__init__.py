"""Tests of questions in GraphQL: how they are asked together, and that they give what the REST API gives."""
