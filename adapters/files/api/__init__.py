"""The column maps of vendors' files."""
