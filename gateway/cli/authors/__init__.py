"""Commands for authors of adapters: a new package, and certificates."""
