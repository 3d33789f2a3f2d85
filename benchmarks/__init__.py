"""Benchmarks of the gateway: medians and ratios of one run. Answers are compared before they are timed."""
