"""What several adapters do alike if their vendors are odd in one way."""
