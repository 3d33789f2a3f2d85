"""Tests of requests in flight: what they hold when they end early, and work in the background."""
