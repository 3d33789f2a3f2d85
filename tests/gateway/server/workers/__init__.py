"""Workers and their supervisor, with small processes in place of gateways."""
