"""Service levels of gateways that run from a settings file."""
