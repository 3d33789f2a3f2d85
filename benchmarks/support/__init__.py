"""What several benchmarks share: the district, the servers, the load and the figures."""
