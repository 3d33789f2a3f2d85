"""Tests of the interoperability scorecard."""
