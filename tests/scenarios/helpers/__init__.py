"""Districts and gateways that the scenarios run on."""
