"""Tests of the complete path: from a query over HTTP to the sandboxes and back."""
