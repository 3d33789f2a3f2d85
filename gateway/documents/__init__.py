"""GraphQL documents: parsed and validated once, checked against limits, and explained."""
