"""GraphQL documents: parsed and validated once, held to limits, priced and explained."""
