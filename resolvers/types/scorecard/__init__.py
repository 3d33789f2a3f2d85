"""The interoperability scorecard: what the gateway measures about sources, under the rows of published models."""
