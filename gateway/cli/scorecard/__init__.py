"""`student-graph scorecard`: what the gateway measures about the sources of districts, for people who buy them."""
