"""Districts, gateways and faulty vendors for the scenarios."""
