"""Tests of aggregates: counts, rates and the suppression of small cells."""
